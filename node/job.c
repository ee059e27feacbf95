/*
 * job: one list of subjects and the reports about them, in a folder.
 */
#include "node/job.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"

#define HEAD_MAX 65536
#define READ_SIZE (256 << 10)

static const char *
path_in(const struct job *job, const char *name, char out[4400])
{
	snprintf(out, 4400, "%s/%s", job->path, name);
	return out;
}

static const char *
part_path(const struct job *job, uint64_t number, char out[4400])
{
	char name[40];

	snprintf(name, sizeof(name), "%06llu.ndjson",
	    (unsigned long long)((number - 1) / JOB_PART));
	return path_in(job, name, out);
}

static struct job *
job_at(const char *folder, const char *id)
{
	struct job *job = mem_new(sizeof(*job));

	job->rows = job->part = -1;
	snprintf(job->path, sizeof(job->path), "%s/%s", folder, id);
	snprintf(job->head.id, sizeof(job->head.id), "%s", id);
	return job;
}

struct job *
job_new(const char *folder, const struct job_head *head, struct why *why)
{
	struct job *job = job_at(folder, head->id);
	char path[4400];

	job->head = *head;
	if (file_make_folder(job->path, 0700, why) == ERR_OK) {
		job->rows = open(path_in(job, "subjects", path),
		    O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
		if (job->rows >= 0)
			return job;
		(void)why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	}
	job_close(job);
	return NULL;
}

void
job_close(struct job *job)
{
	if (job == NULL)
		return;
	if (job->rows >= 0)
		close(job->rows);
	if (job->part >= 0)
		close(job->part);
	mem_free(job);
}

static void
remove_all(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	while (folder != NULL && (entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder != NULL)
		closedir(folder);
	(void)rmdir(path);
}

/* The head first: what is left without it is no job. */
void
job_remove(struct job *job)
{
	char path[4400];

	(void)unlink(path_in(job, "head.json", path));
	remove_all(job->path);
	job_close(job);
}

enum err
job_add(struct job *job, struct span rows)
{
	return file_write_all(job->rows, rows);
}

static void
print_head(const struct job_head *head, struct buf *text)
{
	struct json_out out = {.buf = text};
	struct buf hex = {0};
	size_t i;

	codec_hex(
	    span_make(head->certificate, sizeof(head->certificate)), &hex);
	json_open_object(&out, NULL);
	json_put_cstr(&out, "member", head->member);
	json_put_cstr(&out, "certificate", buf_cstr(&hex));
	json_put_cstr(&out, "purpose", purpose_name(head->question.purpose));
	json_open_array(&out, "items");
	for (i = 0; i < head->question.item_count; i++)
		json_put_int(&out, NULL, head->question.items[i]);
	json_close_array(&out);
	json_put_int(&out, "total", (int64_t)head->total);
	json_put_int(&out, "created", head->created_us);
	json_put_int(&out, "finished", head->finished_us);
	json_close_object(&out);
	buf_release(&hex);
}

static enum err
write_head(struct job *job, struct why *why)
{
	struct buf text = {0};
	char path[4400];
	enum err err;

	print_head(&job->head, &text);
	err = file_replace(
	    path_in(job, "head.json", path), buf_span(&text), 0600, why);
	buf_release(&text);
	return err;
}

enum err
job_keep(struct job *job, struct why *why)
{
	if (fdatasync(job->rows) != 0)
		return why_set(why, ERR_IO, "subjects: %s", strerror(errno));
	return write_head(job, why);
}

enum err
job_finish(struct job *job, struct why *why)
{
	return write_head(job, why);
}

static bool
parse_head(struct span text, struct job_head *head)
{
	struct json *root = json_parse(text, NULL);
	const struct json *items = json_find(root, "items");
	struct buf raw = {0};
	bool ok;
	size_t i;

	snprintf(head->member, sizeof(head->member), "%s",
	    json_cstr(json_find(root, "member"), ""));
	head->question.purpose =
	    purpose_parse(json_text(json_find(root, "purpose")));
	head->question.item_count = json_count(items);
	ok = head->question.item_count <= QUESTION_ITEMS_MAX &&
	     head->question.purpose != PURPOSE_NONE &&
	     codec_parse_hex(json_text(json_find(root, "certificate")), &raw) &&
	     raw.len == sizeof(head->certificate);
	for (i = 0; ok && i < head->question.item_count; i++)
		head->question.items[i] =
		    (uint32_t)json_int(json_at(items, i), 0);
	if (ok)
		memcpy(head->certificate, raw.data, raw.len);
	head->total = (uint64_t)json_int(json_find(root, "total"), 0);
	head->created_us = json_int(json_find(root, "created"), 0);
	head->finished_us = json_int(json_find(root, "finished"), 0);
	buf_release(&raw);
	json_free(root);
	return ok;
}

static enum err
read_head(struct job *job, struct why *why)
{
	struct buf text = {0};
	char path[4400];
	enum err err =
	    file_read(path_in(job, "head.json", path), HEAD_MAX, &text, why);

	if (err == ERR_OK && !parse_head(buf_span(&text), &job->head))
		err = why_set(why, ERR_INVALID, "%s cannot be read", path);
	buf_release(&text);
	return err;
}

/* Whole lines of a part, and the bytes that they take. */
static enum err
count_lines(const char *path, uint64_t *lines, off_t *bytes)
{
	char *chunk = mem_new(READ_SIZE);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t at = 0;
	ssize_t got, i;

	*lines = 0;
	*bytes = 0;
	while (fd >= 0 && (got = read(fd, chunk, READ_SIZE)) > 0) {
		for (i = 0; i < got; i++)
			if (chunk[i] == '\n') {
				++*lines;
				*bytes = at + i + 1;
			}
		at += got;
	}
	if (fd >= 0)
		close(fd);
	mem_free(chunk);
	return fd >= 0 ? ERR_OK : ERR_MISSING;
}

/* Parts are filled one after the other, so the last one tells. */
static enum err
find_end(struct job *job)
{
	char path[4400];
	uint64_t lines;
	off_t bytes;
	enum err err = ERR_OK;

	while (err == ERR_OK) {
		err = count_lines(
		    part_path(job, job->done + 1, path), &lines, &bytes);
		if (err != ERR_OK)
			break;
		if (truncate(path, bytes) != 0)
			return ERR_IO;
		job->done += lines;
		if (lines < JOB_PART)
			break;
	}
	return err == ERR_MISSING ? ERR_OK : err;
}

enum err
job_open(const char *folder, const char *id, struct job **out, struct why *why)
{
	struct job *job = job_at(folder, id);
	char path[4400];
	enum err err = read_head(job, why);

	if (err == ERR_OK)
		err = find_end(job);
	if (err == ERR_OK) {
		job->rows =
		    open(path_in(job, "subjects", path), O_RDONLY | O_CLOEXEC);
		err = job->rows >= 0 ? ERR_OK : ERR_IO;
	}
	if (err == ERR_OK) {
		*out = job;
		return ERR_OK;
	}
	if (err == ERR_MISSING)
		job_remove(job);
	else
		job_close(job);
	return err;
}

enum err
job_row(struct job *job, uint64_t number, struct job_row *row)
{
	char bytes[JOB_ROW_LEN];

	if (pread(job->rows, bytes, JOB_ROW_LEN,
		(off_t)(number - 1) * JOB_ROW_LEN) != JOB_ROW_LEN)
		return ERR_IO;
	job_row_read(bytes, row);
	return ERR_OK;
}

static enum err
open_part(struct job *job)
{
	uint64_t first = job->done / JOB_PART * JOB_PART + 1;
	char path[4400];

	if (job->part >= 0 && job->part_at == first)
		return ERR_OK;
	if (job->part >= 0)
		close(job->part);
	job->part = open(part_path(job, first, path),
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	job->part_at = first;
	return job->part >= 0 ? ERR_OK : ERR_IO;
}

/* What was half written is cut off, so that nothing stands there twice. */
enum err
job_write(struct job *job, struct span lines, uint64_t count, struct why *why)
{
	struct stat stat;
	enum err err = open_part(job);

	if (err != ERR_OK || fstat(job->part, &stat) != 0)
		return why_set(why, ERR_IO, "results: %s", strerror(errno));
	err = file_write_all(job->part, lines);
	if (err == ERR_OK && fdatasync(job->part) == 0) {
		job->done += count;
		return ERR_OK;
	}
	(void)why_set(why, ERR_IO, "results: %s", strerror(errno));
	if (ftruncate(job->part, stat.st_size) != 0)
		return ERR_IO;
	return ERR_IO;
}

/* Whole lines behind the first `skip`, at most `wanted`. */
static enum err
read_part(const char *path, uint64_t skip, uint64_t wanted, size_t max,
    struct buf *lines, uint64_t *count)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0, begin = lines->len;
	ssize_t len;

	if (file == NULL)
		return ERR_IO;
	while (*count < wanted && lines->len - begin < max &&
	       (len = getline(&line, &size, file)) > 0) {
		if (skip > 0) {
			skip--;
			continue;
		}
		buf_add(lines, line, (size_t)len);
		++*count;
	}
	free(line);
	fclose(file);
	return ERR_OK;
}

enum err
job_read(struct job *job, uint64_t after, size_t max, struct buf *lines,
    uint64_t *count)
{
	uint64_t left = job->done > after ? job->done - after : 0;
	char path[4400];

	if (left > *count)
		left = *count;
	*count = 0;
	if (left == 0)
		return ERR_OK;
	return read_part(part_path(job, after + 1, path), after % JOB_PART,
	    left, max, lines, count);
}

void
job_each(const char *folder, job_id_fn each, void *context)
{
	DIR *list = opendir(folder);
	struct dirent *entry;

	while (list != NULL && (entry = readdir(list)) != NULL)
		if (strlen(entry->d_name) == JOB_ID_LEN)
			each(context, entry->d_name);
	if (list != NULL)
		closedir(list);
}
