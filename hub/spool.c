/*
 * spool: an upload lies in a file until it is merged.
 */
#include "hub/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "base/file.h"
#include "base/mem.h"

#define PREFIX "upload-"

struct spool {
	int file;
	uint64_t size;
	struct digest_stream *digest;
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
	spool->digest = digest_stream_new();
	return spool;
}

void
spool_close(struct spool *spool)
{
	if (spool == NULL)
		return;
	close(spool->file);
	digest_stream_free(spool->digest);
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
	digest_stream_add(spool->digest, bytes);
	buf_reset(&spool->bytes);
	buf_add(&spool->bytes, bytes.ptr, bytes.len);
	spool->written = 0;
	spool->done = done;
	spool->context = context;
	write_on(spool, loop);
}

uint64_t
spool_size(const struct spool *spool)
{
	return spool->size;
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
