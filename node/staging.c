/*
 * staging: where the chunks of an image wait until all are there.
 */
#include "node/staging.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "node/store_key.h"

#define PATH_SIZE 4096
#define MAGIC "RXL1"
#define MARK_LEN (4 + 8 + DIGEST_LEN + 8 + DIGEST_LEN)
#define WHOLE_MAX (4 << 10)
#define TABLE_NAME "%08u-%08u.sst"

struct table {
	uint32_t first, last;
};

struct staging {
	char stream[STREAM_LEN + 1];
	char folder[PATH_SIZE - 64];
	char part[PATH_SIZE], mark_path[PATH_SIZE], whole_path[PATH_SIZE];
	struct staging_mark mark;
	struct table *tables; /* ascending */
	char **paths;         /* of the tables */
	size_t count;
};

static void
staging_forget(struct staging *staging)
{
	size_t i;

	for (i = 0; i < staging->count; i++)
		mem_free(staging->paths[i]);
	staging->count = 0;
	staging->mark = (struct staging_mark){0};
}

static void
staging_add(struct staging *staging, struct table table)
{
	char name[64], path[PATH_SIZE];
	size_t i = staging->count++;

	staging->tables = mem_grow(
	    staging->tables, staging->count * sizeof(*staging->tables));
	staging->paths =
	    mem_grow(staging->paths, staging->count * sizeof(*staging->paths));
	for (; i > 0 && staging->tables[i - 1].first > table.first; i--) {
		staging->tables[i] = staging->tables[i - 1];
		staging->paths[i] = staging->paths[i - 1];
	}
	snprintf(name, sizeof(name), TABLE_NAME, table.first, table.last);
	file_path(path, sizeof(path), staging->folder, name);
	staging->tables[i] = table;
	staging->paths[i] = mem_text(path);
}

static void
staging_each_file(struct staging *staging,
    void (*each)(struct staging *staging, const char *name))
{
	DIR *folder = opendir(staging->folder);
	struct dirent *entry;

	while (folder != NULL && (entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.')
			each(staging, entry->d_name);
	if (folder != NULL)
		closedir(folder);
}

static void
staging_find_table(struct staging *staging, const char *name)
{
	char again[64];
	struct table table;

	if (sscanf(name, "%8u-%8u", &table.first, &table.last) != 2)
		return;
	snprintf(again, sizeof(again), TABLE_NAME, table.first, table.last);
	if (strcmp(again, name) == 0)
		staging_add(staging, table);
}

static void
staging_remove_file(struct staging *staging, const char *name)
{
	char path[PATH_SIZE];

	remove(file_path(path, sizeof(path), staging->folder, name));
}

static void
mark_print(const struct staging_mark *mark, struct buf *out)
{
	buf_text(out, MAGIC);
	buf_u64(out, mark->position);
	buf_add(out, mark->index.bytes, DIGEST_LEN);
	buf_u64(out, mark->base.position);
	buf_add(out, mark->base.head.bytes, DIGEST_LEN);
}

static bool
mark_parse(struct span bytes, struct staging_mark *mark)
{
	if (bytes.len != MARK_LEN || memcmp(bytes.ptr, MAGIC, 4) != 0)
		return false;
	mark->position = store_parse_u64(bytes.ptr + 4);
	memcpy(mark->index.bytes, bytes.ptr + 12, DIGEST_LEN);
	mark->base.position = store_parse_u64(bytes.ptr + 12 + DIGEST_LEN);
	memcpy(mark->base.head.bytes, bytes.ptr + 20 + DIGEST_LEN, DIGEST_LEN);
	return true;
}

/* Without a mark that can be read what lies here is worth nothing. */
static void
staging_read(struct staging *staging)
{
	struct buf bytes = {0};

	remove(staging->part);
	if (file_read(staging->mark_path, MARK_LEN, &bytes, NULL) == ERR_OK &&
	    mark_parse(buf_span(&bytes), &staging->mark)) {
		memcpy(staging->mark.base.stream, staging->stream,
		    sizeof(staging->stream));
		staging_each_file(staging, staging_find_table);
	} else {
		staging_each_file(staging, staging_remove_file);
	}
	buf_release(&bytes);
}

struct staging *
staging_open(const char *folder, const char *stream, struct why *why)
{
	struct staging *staging = mem_new(sizeof(*staging));

	snprintf(staging->stream, sizeof(staging->stream), "%s", stream);
	snprintf(staging->folder, sizeof(staging->folder), "%s/staging/%s",
	    folder, stream);
	file_path(staging->part, PATH_SIZE, staging->folder, "table.part");
	file_path(staging->mark_path, PATH_SIZE, staging->folder, "mark");
	file_path(staging->whole_path, PATH_SIZE, staging->folder, "whole");
	if (file_make_folder(staging->folder, 0700, why) != ERR_OK) {
		staging_close(staging);
		return NULL;
	}
	staging_read(staging);
	return staging;
}

void
staging_close(struct staging *staging)
{
	if (staging == NULL)
		return;
	staging_forget(staging);
	mem_free(staging->tables);
	mem_free(staging->paths);
	mem_free(staging);
}

void
staging_each(const char *folder, staging_stream_fn each, void *context)
{
	char path[PATH_SIZE];
	struct dirent *entry;
	DIR *all;

	all = opendir(file_path(path, sizeof(path), folder, "staging"));
	while (all != NULL && (entry = readdir(all)) != NULL)
		if (strlen(entry->d_name) == STREAM_LEN &&
		    entry->d_name[0] != '.')
			each(context, entry->d_name);
	if (all != NULL)
		closedir(all);
}

const struct staging_mark *
staging_mark(const struct staging *staging)
{
	return &staging->mark;
}

static bool
mark_equal(const struct staging_mark *a, const struct staging_mark *b)
{
	return a->position == b->position &&
	       digest_equal(&a->index, &b->index) &&
	       a->base.position == b->base.position &&
	       digest_equal(&a->base.head, &b->base.head);
}

enum err
staging_begin(
    struct staging *staging, const struct staging_mark *mark, struct why *why)
{
	struct buf bytes = {0};
	enum err err;

	if (mark_equal(&staging->mark, mark))
		return ERR_OK;
	staging_clear(staging);
	err = file_make_folder(staging->folder, 0700, why);
	mark_print(mark, &bytes);
	if (err == ERR_OK)
		err = file_replace(
		    staging->mark_path, buf_span(&bytes), 0600, why);
	if (err == ERR_OK)
		staging->mark = *mark;
	buf_release(&bytes);
	return err;
}

bool
staging_has(const struct staging *staging, uint32_t number)
{
	size_t i;

	for (i = 0; i < staging->count; i++)
		if (staging->tables[i].first <= number &&
		    number <= staging->tables[i].last)
			return true;
	return false;
}

const char *
staging_part(const struct staging *staging)
{
	return staging->part;
}

enum err
staging_keep(
    struct staging *staging, uint32_t first, uint32_t last, struct why *why)
{
	char name[64], path[PATH_SIZE];
	enum err err;

	snprintf(name, sizeof(name), TABLE_NAME, first, last);
	file_path(path, sizeof(path), staging->folder, name);
	err = file_rename(staging->part, path, why);
	if (err == ERR_OK)
		staging_add(staging, (struct table){first, last});
	return err;
}

enum err
staging_end(struct staging *staging, struct span sealed,
    const struct setsum *sum, struct why *why)
{
	struct buf bytes = {0};
	enum err err;

	setsum_print(sum, (uint8_t *)buf_room(&bytes, SETSUM_LEN));
	bytes.len += SETSUM_LEN;
	buf_add(&bytes, sealed.ptr, sealed.len);
	err = file_replace(staging->whole_path, buf_span(&bytes), 0600, why);
	buf_release(&bytes);
	return err;
}

enum err
staging_whole(
    struct staging *staging, struct staging_whole *whole, struct why *why)
{
	struct buf bytes = {0};
	enum err err;

	err = file_read(staging->whole_path, WHOLE_MAX, &bytes, why);
	if (err == ERR_OK &&
	    (bytes.len <= SETSUM_LEN ||
		!setsum_parse(span_make(bytes.data, SETSUM_LEN), &whole->sum)))
		err = why_set(why, ERR_INVALID, "%s", staging->whole_path);
	if (err == ERR_OK)
		buf_add(&whole->sealed, bytes.data + SETSUM_LEN,
		    bytes.len - SETSUM_LEN);
	buf_release(&bytes);
	return err;
}

const char *const *
staging_paths(const struct staging *staging, size_t *count)
{
	*count = staging->count;
	return (const char *const *)staging->paths;
}

/* `whole` first and the mark next: a crash in between leaves nothing that is
 * taken for more than it is. */
void
staging_clear(struct staging *staging)
{
	remove(staging->whole_path);
	remove(staging->mark_path);
	staging_each_file(staging, staging_remove_file);
	rmdir(staging->folder);
	staging_forget(staging);
}
