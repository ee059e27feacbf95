/*
 * spool: what is uploaded lies in a file until it is used.
 */
#include "base/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "base/file.h"
#include "base/mem.h"

#define PREFIX "upload-"
#define PART_PREFIX "part-"

struct spool {
	int file;
	int folder; /* that holds the name; -1: no name */
	uint64_t size;
	struct digest_stream *digest; /* NULL: bytes of before are in it */
	char *path;                   /* NULL: no name */
	/* the write that is under way */
	uv_fs_t request;
	struct buf bytes;
	size_t written;
	void (*done)(void *context, enum err err);
	void *context;
};

struct spool *
spool_open(const char *folder, struct why *why)
{
	struct spool *spool;
	struct buf path = {0};
	int file;

	buf_print(&path, "%s/" PREFIX "XXXXXX", folder);
	buf_cstr(&path);
	file = mkostemp(path.data, O_CLOEXEC);
	if (file < 0) {
		(void)why_set(
		    why, ERR_IO, "%s: %s", path.data, strerror(errno));
		buf_release(&path);
		return NULL;
	}
	unlink(path.data);
	buf_release(&path);
	spool = mem_new(sizeof(*spool));
	spool->file = file;
	spool->folder = -1;
	spool->digest = digest_stream_new();
	return spool;
}

static void
print_path(const char *folder, const char *name, struct buf *path)
{
	buf_print(path, "%s/" PART_PREFIX "%s", folder, name);
	buf_cstr(path);
}

enum err
spool_open_part(const char *folder, const char *name, bool make,
    struct spool **out, struct why *why)
{
	struct buf path = {0};
	struct spool *spool;
	struct stat status;
	enum err err = ERR_OK;
	int file, holder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	print_path(folder, name, &path);
	file = open(path.data,
	    O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT : 0), 0600);
	if (file < 0 && errno == ENOENT && !make)
		err = why_set(why, ERR_MISSING, "nothing is held");
	else if (file < 0 || holder < 0 || fstat(file, &status) != 0)
		err =
		    why_set(why, ERR_IO, "%s: %s", path.data, strerror(errno));
	else if (flock(file, LOCK_EX | LOCK_NB) != 0)
		err = why_set(why, ERR_BUSY, "another request has this upload");
	if (err != ERR_OK) {
		if (file >= 0)
			close(file);
		if (holder >= 0)
			close(holder);
		buf_release(&path);
		return err;
	}
	spool = mem_new(sizeof(*spool));
	spool->file = file;
	spool->folder = holder;
	/* Asked again: the one before may have added to it. */
	spool->size = fstat(file, &status) == 0 ? (uint64_t)status.st_size : 0;
	spool->path = mem_text(path.data);
	buf_release(&path);
	*out = spool;
	return ERR_OK;
}

uint64_t
spool_held(const char *folder, const char *name)
{
	struct buf path = {0};
	struct stat status;
	bool there;

	print_path(folder, name, &path);
	there = stat(path.data, &status) == 0;
	buf_release(&path);
	return there ? (uint64_t)status.st_size : 0;
}

size_t
spool_count(const char *folder, const char *prefix, const char *but)
{
	DIR *dir = opendir(folder);
	struct buf whole = {0};
	struct dirent *entry;
	size_t count = 0, len;

	if (dir == NULL)
		return 0;
	buf_print(&whole, PART_PREFIX "%s", prefix);
	len = whole.len;
	while ((entry = readdir(dir)) != NULL) {
		const char *name = entry->d_name;

		if (strncmp(name, buf_cstr(&whole), len) == 0 &&
		    strcmp(name + sizeof(PART_PREFIX) - 1, but) != 0)
			count++;
	}
	closedir(dir);
	buf_release(&whole);
	return count;
}

void
spool_forget(struct spool *spool)
{
	if (spool != NULL && spool->path != NULL)
		unlink(spool->path);
}

void
spool_close(struct spool *spool)
{
	if (spool == NULL)
		return;
	close(spool->file);
	if (spool->folder >= 0)
		close(spool->folder);
	digest_stream_free(spool->digest);
	mem_free(spool->path);
	buf_release(&spool->bytes);
	mem_free(spool);
}

static void write_on(struct spool *spool, uv_loop_t *loop);

static void
on_written(uv_fs_t *request)
{
	struct spool *spool = request->data;
	uv_loop_t *loop = request->loop;
	ssize_t result = request->result;

	uv_fs_req_cleanup(request);
	if (result < 0) {
		spool->done(spool->context, ERR_IO);
		return;
	}
	spool->written += (size_t)result;
	spool->size += (size_t)result;
	if (spool->written < spool->bytes.len)
		write_on(spool, loop);
	else
		spool->done(spool->context, ERR_OK);
}

static void
write_on(struct spool *spool, uv_loop_t *loop)
{
	uv_buf_t rest = uv_buf_init(spool->bytes.data + spool->written,
	    (unsigned)(spool->bytes.len - spool->written));

	spool->request.data = spool;
	/* It cannot fail with a callback and a loop. */
	(void)uv_fs_write(loop, &spool->request, spool->file, &rest, 1,
	    (int64_t)spool->size, on_written);
}

void
spool_write(struct spool *spool, void *loop, struct span bytes,
    void (*done)(void *context, enum err err), void *context)
{
	if (spool->digest != NULL)
		digest_stream_add(spool->digest, bytes);
	buf_reset(&spool->bytes);
	buf_add(&spool->bytes, bytes.ptr, bytes.len);
	spool->written = 0;
	spool->done = done;
	spool->context = context;
	write_on(spool, loop);
}

static void
on_synced(uv_fs_t *request)
{
	struct spool *spool = request->data;
	enum err err = request->result < 0 ? ERR_IO : ERR_OK;

	uv_fs_req_cleanup(request);
	spool->done(spool->context, err);
}

/* Bytes on disk are of no use without their name: whoever made the file may
 * have ended before that was there, so it is synced each time. */
static void
on_bytes_synced(uv_fs_t *request)
{
	struct spool *spool = request->data;
	uv_loop_t *loop = request->loop;

	if (request->result < 0 || spool->folder < 0) {
		on_synced(request);
		return;
	}
	uv_fs_req_cleanup(request);
	(void)uv_fs_fsync(loop, &spool->request, spool->folder, on_synced);
}

void
spool_sync(struct spool *spool, void *loop,
    void (*done)(void *context, enum err err), void *context)
{
	spool->done = done;
	spool->context = context;
	spool->request.data = spool;
	(void)uv_fs_fdatasync(
	    loop, &spool->request, spool->file, on_bytes_synced);
}

enum err
spool_append(struct spool *spool, struct span bytes)
{
	ssize_t got;

	if (spool->digest != NULL)
		digest_stream_add(spool->digest, bytes);
	while (bytes.len > 0) {
		got = pwrite(
		    spool->file, bytes.ptr, bytes.len, (off_t)spool->size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return ERR_IO;
		spool->size += (uint64_t)got;
		bytes.ptr += got;
		bytes.len -= (size_t)got;
	}
	return ERR_OK;
}

enum err
spool_flush(struct spool *spool)
{
	if (fdatasync(spool->file) != 0)
		return ERR_IO;
	return spool->folder < 0 || fsync(spool->folder) == 0 ? ERR_OK : ERR_IO;
}

uint64_t
spool_size(const struct spool *spool)
{
	return spool->size;
}

bool
spool_has_digest(const struct spool *spool)
{
	return spool->digest != NULL;
}

struct digest
spool_digest(struct spool *spool)
{
	return digest_stream_end(spool->digest);
}

enum err
spool_read(struct spool *spool, uint64_t offset, struct buf *out, size_t max,
    size_t *len)
{
	ssize_t got;

	do
		got =
		    pread(spool->file, buf_room(out, max), max, (off_t)offset);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return ERR_IO;
	out->len += (size_t)got;
	*len = (size_t)got;
	return ERR_OK;
}

enum err
spool_clean(const char *folder, struct why *why)
{
	enum err err = file_make_folder(folder, 0700, why);
	struct dirent *entry;
	DIR *dir;

	if (err != ERR_OK)
		return err;
	dir = opendir(folder);
	if (dir == NULL)
		return why_set(why, ERR_IO, "%s: %s", folder, strerror(errno));
	while ((entry = readdir(dir)) != NULL)
		if (strncmp(entry->d_name, PREFIX, sizeof(PREFIX) - 1) == 0)
			unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	return ERR_OK;
}

static bool
is_older(int folder, const char *name, int64_t age_seconds)
{
	struct stat status;

	return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       time(NULL) - status.st_mtime > age_seconds;
}

size_t
spool_expire(const char *folder, int64_t age_seconds)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	size_t count = 0;

	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL)
		if (strncmp(entry->d_name, PART_PREFIX,
			sizeof(PART_PREFIX) - 1) == 0 &&
		    is_older(dirfd(dir), entry->d_name, age_seconds) &&
		    unlinkat(dirfd(dir), entry->d_name, 0) == 0)
			count++;
	closedir(dir);
	return count;
}
