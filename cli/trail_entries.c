/*
 * trail_entries: frames of a trail's entry logs.
 */
#include "cli/trail_entries.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "credit/access.h"
#include "credit/merkle.h"

#define HEAD_LEN 12 /* u32 n, 8 bytes of the leaf hash */
#define MARK_LEN 8
#define MARK_MAX 32 /* of what was deleted, as text */
#define FRAME_MAX ((uint32_t)64 << 10)
#define NAME_LEN 16 /* twelve digits and ".log" */

struct entries {
	char *folder;
	uint64_t *firsts; /* of the files, ascending */
	size_t file_count, file_next;
	FILE *file;
	uint64_t deleted; /* before the first that is here */
	uint64_t next;    /* index of the frame that is read next */
	uint64_t beyond;
	struct buf frame;
};

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void
list_files(struct entries *entries, DIR *folder)
{
	struct dirent *found;
	size_t room = 0;

	while ((found = readdir(folder)) != NULL) {
		if (strlen(found->d_name) != NAME_LEN ||
		    strspn(found->d_name, "0123456789") != NAME_LEN - 4 ||
		    strcmp(found->d_name + NAME_LEN - 4, ".log") != 0)
			continue;
		if (strtoull(found->d_name, NULL, 10) < entries->deleted)
			continue;
		if (entries->file_count == room) {
			room = room * 2 + 16;
			entries->firsts =
			    mem_grow(entries->firsts, room * sizeof(uint64_t));
		}
		entries->firsts[entries->file_count++] =
		    strtoull(found->d_name, NULL, 10);
	}
	if (entries->file_count > 0)
		qsort(entries->firsts, entries->file_count, sizeof(uint64_t),
		    by_number);
}

/* What the node says of it; that there are hashes of all is checked anyway. */
static void
read_deleted(struct entries *entries)
{
	struct buf path = {0}, mark = {0};

	buf_print(&path, "%s/deleted", entries->folder);
	if (file_read(buf_cstr(&path), MARK_MAX, &mark, NULL) == ERR_OK)
		entries->deleted = strtoull(buf_cstr(&mark), NULL, 10);
	entries->next = entries->deleted;
	buf_release(&path);
	buf_release(&mark);
}

enum err
entries_open(const char *trail, struct entries **out, struct why *why)
{
	struct buf path = {0};
	struct entries *entries;
	DIR *folder;

	*out = NULL;
	buf_print(&path, "%s/entries", trail);
	folder = opendir(buf_cstr(&path));
	if (folder == NULL) {
		buf_release(&path);
		return errno == ENOENT ? ERR_OK
				       : why_set(why, ERR_IO, "entries: %s",
					     strerror(errno));
	}
	entries = mem_new(sizeof(*entries));
	entries->folder = mem_text(buf_cstr(&path));
	read_deleted(entries);
	list_files(entries, folder);
	closedir(folder);
	buf_release(&path);
	*out = entries;
	return ERR_OK;
}

void
entries_close(struct entries *entries)
{
	if (entries == NULL)
		return;
	if (entries->file != NULL)
		fclose(entries->file);
	buf_release(&entries->frame);
	mem_free(entries->firsts);
	mem_free(entries->folder);
	mem_free(entries);
}

/* The next file must go on where the one before ended. */
static enum err
open_next(struct entries *entries, struct why *why)
{
	struct buf path = {0};
	uint64_t first;

	if (entries->file != NULL)
		fclose(entries->file);
	entries->file = NULL;
	if (entries->file_next == entries->file_count)
		return ERR_MISSING;
	first = entries->firsts[entries->file_next++];
	if (first != entries->next)
		return why_set(why, ERR_INVALID,
		    "entries %" PRIu64 " to %" PRIu64 " are not in the logs",
		    entries->next, first - 1);
	buf_print(&path, "%s/%012" PRIu64 ".log", entries->folder, first);
	entries->file = fopen(buf_cstr(&path), "rb");
	buf_release(&path);
	if (entries->file == NULL)
		return why_set(why, ERR_IO, "entries: %s", strerror(errno));
	return ERR_OK;
}

static uint32_t
read_u32(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

/* ERR_TOO_OLD: the file ends here, perhaps inside a frame. */
static enum err
read_frame(struct entries *entries)
{
	unsigned char head[HEAD_LEN];
	uint32_t len;
	char *room;

	if (fread(head, 1, HEAD_LEN, entries->file) != HEAD_LEN)
		return ERR_TOO_OLD;
	len = read_u32(head);
	if (len == 0 && head[4] == 0)
		return ERR_TOO_OLD; /* preallocated, not written yet */
	if (len < ACCESS_NONCE_LEN || len > FRAME_MAX)
		return ERR_INVALID;
	buf_reset(&entries->frame);
	buf_add(&entries->frame, head + 4, MARK_LEN);
	room = buf_room(&entries->frame, len);
	if (fread(room, 1, len, entries->file) != len)
		return ERR_TOO_OLD;
	entries->frame.len += len;
	return ERR_OK;
}

static enum err
next_frame(struct entries *entries, struct why *why)
{
	enum err err = ERR_TOO_OLD;

	while (entries->file == NULL ||
	       (err = read_frame(entries)) == ERR_TOO_OLD) {
		err = open_next(entries, why);
		if (err != ERR_OK)
			return err;
	}
	if (err == ERR_INVALID)
		return why_set(why, err,
		    "entry %" PRIu64 " is no frame of an entry log",
		    entries->next);
	entries->next++;
	return err;
}

static struct digest
frame_commitment(const struct buf *frame)
{
	const uint8_t *nonce = (const uint8_t *)frame->data + MARK_LEN;
	size_t head = MARK_LEN + ACCESS_NONCE_LEN;

	return access_commitment(
	    nonce, span_make(frame->data + head, frame->len - head));
}

enum err
entries_compare(struct entries *entries, uint64_t index,
    const struct digest *commitment, struct why *why)
{
	struct digest found, leaf;
	enum err err;

	if (index < entries->deleted)
		return ERR_OK;
	err = next_frame(entries, why);
	if (err == ERR_MISSING)
		return why_set(why, ERR_INVALID,
		    "entry %" PRIu64 " is signed for but not in the logs",
		    index);
	if (err != ERR_OK)
		return err;
	found = frame_commitment(&entries->frame);
	leaf = merkle_leaf(span_make(commitment->bytes, DIGEST_LEN));
	if (!digest_equal(&found, commitment))
		return why_set(why, ERR_INVALID,
		    "entry %" PRIu64 " was changed: its commitment is another",
		    index);
	if (memcmp(entries->frame.data, leaf.bytes, MARK_LEN) != 0)
		return why_set(why, ERR_INVALID,
		    "entry %" PRIu64 ": the frame's mark was changed", index);
	return ERR_OK;
}

enum err
entries_finish(struct entries *entries, struct why *why)
{
	enum err err;

	while ((err = next_frame(entries, why)) == ERR_OK)
		entries->beyond++;
	if (err == ERR_MISSING)
		return ERR_OK;
	return err;
}

uint64_t
entries_deleted(const struct entries *entries)
{
	return entries->deleted;
}

uint64_t
entries_beyond(const struct entries *entries)
{
	return entries->beyond;
}
