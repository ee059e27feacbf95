/*
 * entries: the trail's entries on disk, private, in order.
 */
#include "node/entries_inner.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "credit/merkle.h"

#define PATH_SIZE ENTRIES_PATH_SIZE
#define FRAME_HEAD (4 + 8 + ACCESS_NONCE_LEN)
#define FILE_MAX ((size_t)1 << 30)
#define STRIDE 256 /* every so many entries one offset is remembered */
#define ROOM_BYTES (64 << 10)
#define NONCE_BYTES ((size_t)4096)

const char *
entries_path(const char *folder, uint64_t index, char out[PATH_SIZE])
{
	char name[32];

	snprintf(name, sizeof(name), "%012llu.log",
	    (unsigned long long)(index - index % ENTRIES_PER_FILE));
	return file_path(out, PATH_SIZE, folder, name);
}

static void
entries_remember(struct entries *entries, uint64_t index, off_t offset)
{
	size_t slot = (size_t)(index / STRIDE);

	if (index % STRIDE != 0)
		return;
	if (slot >= entries->offset_size) {
		entries->offset_size = slot < 128 ? 256 : slot * 2;
		entries->offsets = mem_grow(
		    entries->offsets, entries->offset_size * sizeof(uint32_t));
	}
	entries->offsets[slot] = (uint32_t)offset;
}

static void
entry_seal(struct entry *entry)
{
	entry->commitment = access_commitment(entry->nonce, entry->bytes);
	entry->leaf =
	    merkle_leaf(span_make(entry->commitment.bytes, DIGEST_LEN));
}

static void
entry_print(const struct entry *entry, struct buf *frame)
{
	buf_u32(frame, (uint32_t)(ACCESS_NONCE_LEN + entry->bytes.len));
	buf_add(frame, entry->leaf.bytes, 8);
	buf_add(frame, entry->nonce, ACCESS_NONCE_LEN);
	buf_add(frame, entry->bytes.ptr, entry->bytes.len);
}

size_t
entries_parse_frame(struct span bytes, struct entry *entry)
{
	const uint8_t *at = (const uint8_t *)bytes.ptr;
	size_t n;

	if (bytes.len < FRAME_HEAD)
		return 0;
	n = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 |
	    at[3];
	if (n < ACCESS_NONCE_LEN || n > ACCESS_NONCE_LEN + ENTRY_MAX ||
	    bytes.len < 12 + n)
		return 0;
	memcpy(entry->nonce, at + 12, ACCESS_NONCE_LEN);
	entry->bytes = span_make(bytes.ptr + FRAME_HEAD, n - ACCESS_NONCE_LEN);
	entry_seal(entry);
	return memcmp(entry->leaf.bytes, at + 4, 8) == 0 ? 12 + n : 0;
}

/* Every good frame of one file; where the last one ends. */
static off_t
entries_scan(struct entries *entries, const struct entries_settings *settings,
    struct span bytes)
{
	struct entry entry;
	size_t at = 0, len;

	while (at < bytes.len) {
		len = entries_parse_frame(
		    span_make(bytes.ptr + at, bytes.len - at), &entry);
		if (len == 0)
			break;
		entries_remember(entries, entries->count, (off_t)at);
		entry.index = entries->count++;
		settings->each(settings->context, &entry);
		at += len;
	}
	return (off_t)at;
}

/* What is behind `end` was never acknowledged: it is no entry. */
static enum err
entries_cut(const char *path, off_t end, size_t len, struct why *why)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	enum err err = ERR_OK;

	if (fd < 0 || ftruncate(fd, end) != 0 || fdatasync(fd) != 0)
		err = why_set(
		    why, ERR_IO, "cannot cut %s: %s", path, strerror(errno));
	else
		log_warn("trail.cut", "bytes=%zu", len - (size_t)end);
	if (fd >= 0)
		close(fd);
	return err;
}

/* Room that was taken in advance. */
static bool
is_room(struct span bytes)
{
	size_t i;

	for (i = 0; i < bytes.len && bytes.ptr[i] == '\0'; i++)
		;
	return i == bytes.len;
}

/* One file after the other.  ERR_MISSING: that was the last. */
static enum err
entries_load(struct entries *entries, const struct entries_settings *settings,
    struct buf *bytes, struct why *why)
{
	uint64_t first = entries->count;
	char path[PATH_SIZE], next[PATH_SIZE];
	bool whole;
	enum err err;

	buf_reset(bytes);
	entries_path(entries->folder, first, path);
	err = file_read(path, FILE_MAX, bytes, why);
	if (err != ERR_OK)
		return err;
	entries->end = entries_scan(entries, settings, buf_span(bytes));
	entries->allocated = entries->end;
	whole = is_room(span_make(
	    bytes->data + entries->end, bytes->len - (size_t)entries->end));
	if (whole)
		entries->allocated = (off_t)bytes->len;
	if (whole && entries->count - first == ENTRIES_PER_FILE)
		return ERR_OK;
	entries_path(entries->folder, first + ENTRIES_PER_FILE, next);
	if (entries->count - first > ENTRIES_PER_FILE || file_exists(next) ||
	    entries->count < settings->acknowledged)
		return why_set(why, ERR_INVALID,
		    "trail entry %llu is missing or altered",
		    (unsigned long long)entries->count);
	if (!whole)
		err = entries_cut(path, entries->end, bytes->len, why);
	return err == ERR_OK ? ERR_MISSING : err;
}

static enum err
entries_open_newest(struct entries *entries, struct why *why)
{
	char path[PATH_SIZE];

	if (entries->count % ENTRIES_PER_FILE == 0)
		return ERR_OK; /* a new file with the next entry */
	entries_path(entries->folder, entries->count, path);
	entries->fd = open(path, O_WRONLY | O_CLOEXEC);
	if (entries->fd < 0)
		return why_set(
		    why, ERR_IO, "cannot open %s: %s", path, strerror(errno));
	return ERR_OK;
}

static enum err
entries_recover(struct entries *entries,
    const struct entries_settings *settings, struct why *why)
{
	struct buf bytes = {0};
	enum err err = file_make_folder(settings->folder, 0700, why);

	while (err == ERR_OK)
		err = entries_load(entries, settings, &bytes, why);
	buf_release(&bytes);
	if (err != ERR_MISSING)
		return err;
	if (entries->count < settings->acknowledged)
		return why_set(why, ERR_INVALID,
		    "trail has %llu entries, its checkpoint %llu",
		    (unsigned long long)entries->count,
		    (unsigned long long)settings->acknowledged);
	return entries_open_newest(entries, why);
}

/* Of the newest file; room that was not needed goes back. */
static void
entries_leave(struct entries *entries)
{
	if (entries->fd < 0)
		return;
	if (entries->end < entries->allocated &&
	    ftruncate(entries->fd, entries->end) != 0)
		log_error("trail.truncate", "errno=%d", errno);
	close(entries->fd);
	entries->fd = -1;
}

struct entries *
entries_open(const struct entries_settings *settings, struct why *why)
{
	struct entries *entries = mem_new(sizeof(*entries));

	entries->fd = -1;
	entries->at = -1;
	entries->first = entries->count = settings->first;
	snprintf(
	    entries->folder, sizeof(entries->folder), "%s", settings->folder);
	entries->spare = spare_new(entries->folder);
	if (entries_recover(entries, settings, why) == ERR_OK) {
		entries_prepare(entries);
		return entries;
	}
	entries_close(entries);
	return NULL;
}

void
entries_close(struct entries *entries)
{
	if (entries == NULL)
		return;
	entries_leave(entries);
	spare_free(entries->spare);
	buf_release(&entries->frames);
	buf_release(&entries->nonces);
	mem_free(entries->offsets);
	mem_free(entries);
}

uint64_t
entries_count(const struct entries *entries)
{
	return entries->count;
}

uint64_t
entries_first(const struct entries *entries)
{
	return entries->first;
}

size_t
entries_room(const struct entries *entries)
{
	return (size_t)(ENTRIES_PER_FILE - entries->count % ENTRIES_PER_FILE);
}

static enum err
entries_sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err err = fd >= 0 && fsync(fd) == 0 ? ERR_OK : ERR_IO;

	if (fd >= 0)
		close(fd);
	return err;
}

/* The file is full; its room goes back later. */
static void
entries_finish(struct entries *entries)
{
	char path[PATH_SIZE];

	if (entries->fd >= 0 && entries->end < entries->allocated) {
		entries_path(entries->folder, entries->count - 1, path);
		spare_trim(entries->spare, path, entries->end);
		entries->allocated = entries->end;
	}
	entries_leave(entries);
}

static enum err
entries_rotate(struct entries *entries, struct why *why)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC;
	char path[PATH_SIZE];

	entries_finish(entries);
	entries_path(entries->folder, entries->count, path);
	entries->end = 0;
	entries->at = 0;
	entries->asked = false;
	entries->allocated = spare_take(entries->spare, path);
	if (entries->allocated == 0)
		flags |= O_TRUNC;
	entries->fd = open(path, flags, 0600);
	if (entries->fd < 0 || entries_sync_folder(entries->folder) != ERR_OK)
		return why_set(
		    why, ERR_IO, "cannot make %s: %s", path, strerror(errno));
	return ERR_OK;
}

static enum err
entries_write(struct entries *entries, struct span frames, struct why *why)
{
	off_t end = entries->end + (off_t)frames.len;

	entries_take_room(entries, end);
	if (entries_put(entries, entries->end, frames) == ERR_OK &&
	    fdatasync(entries->fd) == 0) {
		entries->end = end;
		return ERR_OK;
	}
	why_set(why, ERR_IO, "cannot write the trail: %s", strerror(errno));
	/* If this fails too, entries_open cuts: nobody was answered. */
	if (ftruncate(entries->fd, entries->end) != 0)
		log_error("trail.truncate", "errno=%d", errno);
	entries->allocated = entries->end;
	return ERR_IO;
}

/* The next `count` nonces.  Asked for in larger portions than a group: the
 * kernel's answer costs more than its bytes. */
static const char *
entries_nonces(struct entries *entries, size_t count)
{
	struct buf *nonces = &entries->nonces;
	size_t len = count * ACCESS_NONCE_LEN;
	size_t portion = len > NONCE_BYTES ? len : NONCE_BYTES;

	if (nonces->len < len) {
		digest_random(buf_room(nonces, portion - nonces->len),
		    portion - nonces->len);
		nonces->len = portion;
	}
	nonces->len -= len;
	return nonces->data + nonces->len;
}

enum err
entries_append(
    struct entries *entries, struct entry *list, size_t count, struct why *why)
{
	const char *nonces = entries_nonces(entries, count);
	struct buf *frames = &entries->frames;
	enum err err = ERR_OK;
	size_t i;

	assert(count <= entries_room(entries));
	if (entries->count % ENTRIES_PER_FILE == 0)
		err = entries_rotate(entries, why);
	buf_reset(frames);
	for (i = 0; i < count; i++) {
		assert(list[i].bytes.len <= ENTRY_MAX);
		memcpy(list[i].nonce, nonces + i * ACCESS_NONCE_LEN,
		    ACCESS_NONCE_LEN);
		entry_seal(&list[i]);
		list[i].index = entries->count + i;
		entries_remember(
		    entries, list[i].index, entries->end + (off_t)frames->len);
		entry_print(&list[i], frames);
	}
	if (err == ERR_OK)
		err = entries_write(entries, buf_span(frames), why);
	if (err == ERR_OK) {
		entries->count += count;
		entries_ask_spare(entries);
	}
	return err;
}

/* From the remembered offset before it, over at most STRIDE frames. */
static enum err
entries_read_at(
    int fd, off_t offset, uint64_t skip, struct entry *entry, struct buf *buf)
{
	size_t size = STRIDE * (FRAME_HEAD + 512);
	size_t at = 0, len;
	ssize_t got;

	for (;;) {
		len = entries_parse_frame(
		    span_make(buf->data + at, buf->len - at), entry);
		if (len > 0 && skip-- == 0)
			return ERR_OK;
		at += len;
		if (len > 0)
			continue;
		got = pread(
		    fd, buf_room(buf, size), size, offset + (off_t)buf->len);
		if (got <= 0)
			return ERR_IO;
		buf->len += (size_t)got;
	}
}

enum err
entries_read(const struct entries *entries, uint64_t index, struct entry *entry,
    struct buf *buf)
{
	char path[PATH_SIZE];
	enum err err;
	int fd;

	if (index >= entries->count)
		return ERR_MISSING;
	if (index < entries->first)
		return ERR_TOO_OLD;
	fd = open(
	    entries_path(entries->folder, index, path), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ERR_IO;
	buf_reset(buf);
	buf_room(buf, 1);
	err = entries_read_at(fd, (off_t)entries->offsets[index / STRIDE],
	    index % STRIDE, entry, buf);
	entry->index = index;
	close(fd);
	return err;
}

enum err
entries_drop_oldest(struct entries *entries, struct why *why)
{
	char path[PATH_SIZE];

	assert(entries->first + ENTRIES_PER_FILE < entries->count);
	entries_path(entries->folder, entries->first, path);
	if (unlink(path) != 0 || entries_sync_folder(entries->folder) != ERR_OK)
		return why_set(
		    why, ERR_IO, "cannot delete %s: %s", path, strerror(errno));
	entries->first += ENTRIES_PER_FILE;
	return ERR_OK;
}

enum err
entries_probe(const char *folder, struct why *why)
{
	struct statvfs disk;

	if (statvfs(folder, &disk) != 0 || access(folder, W_OK | X_OK) != 0)
		return why_set(
		    why, ERR_IO, "trail folder: %s", strerror(errno));
	if ((disk.f_flag & ST_RDONLY) != 0)
		return why_set(why, ERR_IO, "trail folder is read-only");
	if ((uint64_t)disk.f_bavail * disk.f_frsize < ROOM_BYTES)
		return why_set(why, ERR_IO, "no room left for the trail");
	return ERR_OK;
}
