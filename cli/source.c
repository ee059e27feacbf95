/*
 * source: the bytes of a batch on their way out, coded when asked.
 */
#include "cli/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define PIECE (256 << 10)

struct source {
	int file;
	bool is_plain; /* a file that has places */
	enum inflate_kind coding;
	struct deflate *deflate; /* NULL: bytes go as they are */
	struct buf raw, coded;
	size_t given; /* of `coded` */
	bool ended;
	int64_t file_size, size; /* of what is read; -1: not known */
};

struct source *
source_open(const char *path, enum inflate_kind coding, struct why *why)
{
	struct source *source;
	struct stat status;
	int file = STDIN_FILENO;

	if (strcmp(path, "-") != 0)
		file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0 || fstat(file, &status) != 0) {
		(void)why_set(
		    why, ERR_IO, "cannot open %s: %s", path, strerror(errno));
		return NULL;
	}
	source = mem_new(sizeof(*source));
	source->file = file;
	source->is_plain = file != STDIN_FILENO && S_ISREG(status.st_mode);
	source->coding = coding;
	if (coding != INFLATE_NONE)
		source->deflate = deflate_new(coding);
	source->file_size = source->is_plain ? (int64_t)status.st_size : -1;
	source->size = source->deflate == NULL ? source->file_size : -1;
	return source;
}

void
source_close(struct source *source)
{
	if (source == NULL)
		return;
	if (source->file != STDIN_FILENO)
		close(source->file);
	deflate_free(source->deflate);
	buf_release(&source->raw);
	buf_release(&source->coded);
	mem_free(source);
}

int64_t
source_size(const struct source *source)
{
	return source->size;
}

int64_t
source_file_size(const struct source *source)
{
	return source->file_size;
}

static ssize_t
read_file(const struct source *source, char *into, size_t max)
{
	ssize_t got;

	do
		got = read(source->file, into, max);
	while (got < 0 && errno == EINTR);
	return got;
}

/* The next raw bytes, and what they become, behind `coded`. */
static ssize_t
code_piece(struct source *source)
{
	ssize_t got;

	buf_reset(&source->raw);
	got = read_file(source, buf_room(&source->raw, PIECE), PIECE);
	if (got < 0)
		return -1;
	source->raw.len = (size_t)got;
	source->ended = got == 0;
	if (deflate_feed(source->deflate, buf_span(&source->raw), source->ended,
		&source->coded) != ERR_OK)
		return -1;
	return got;
}

ssize_t
source_read(struct source *source, char *into, size_t max)
{
	size_t len;

	if (source->deflate == NULL)
		return read_file(source, into, max);
	if (source->given == source->coded.len) {
		buf_reset(&source->coded);
		source->given = 0;
	}
	while (source->coded.len == 0 && !source->ended)
		if (code_piece(source) < 0)
			return -1;
	len = source->coded.len - source->given;
	if (len > max)
		len = max;
	memcpy(into, source->coded.data + source->given, len);
	source->given += len;
	return (ssize_t)len;
}

bool
source_rewind(struct source *source)
{
	if (!source->is_plain || lseek(source->file, 0, SEEK_SET) != 0)
		return false;
	if (source->deflate != NULL) {
		deflate_free(source->deflate);
		source->deflate = deflate_new(source->coding);
		buf_reset(&source->coded);
		source->given = 0;
		source->ended = false;
	}
	return true;
}

/* Gone when we are, however that is. */
static int
open_temporary(struct why *why)
{
	const char *folder = getenv("TMPDIR");
	struct buf path = {0};
	int file;

	buf_print(&path, "%s/rongxin-XXXXXX",
	    folder != NULL && *folder != '\0' ? folder : "/tmp");
	buf_cstr(&path);
	file = mkostemp(path.data, O_CLOEXEC);
	if (file < 0)
		(void)why_set(
		    why, ERR_IO, "%s: %s", path.data, strerror(errno));
	else
		unlink(path.data);
	buf_release(&path);
	return file;
}

/* Raw bytes to the digest, the ones to send into `into`, if there is one. */
static enum err
drain(struct source *source, struct digest_stream *stream, int into)
{
	struct span bytes;
	enum err err = ERR_OK;
	ssize_t got;

	if (source->deflate == NULL)
		source->deflate = deflate_new(INFLATE_NONE);
	do {
		got = code_piece(source);
		bytes = buf_span(&source->coded);
		if (got < 0)
			return ERR_IO;
		digest_stream_add(stream, buf_span(&source->raw));
		if (into >= 0)
			err = file_write_all(into, bytes);
		source->size += (int64_t)bytes.len;
		buf_reset(&source->coded);
	} while (got > 0 && err == ERR_OK);
	return err;
}

enum err
source_settle(struct source *source, struct digest *digest, struct why *why)
{
	bool keep = !source->is_plain || source->deflate != NULL;
	int into = keep ? open_temporary(why) : -1;
	struct digest_stream *stream;
	enum err err;

	if (keep && into < 0)
		return ERR_IO;
	stream = digest_stream_new();
	source->size = 0;
	err = drain(source, stream, into);
	if (err == ERR_OK)
		*digest = digest_stream_end(stream);
	else
		(void)why_set(why, err, "cannot read it, or no room for it: %s",
		    strerror(errno));
	digest_stream_free(stream);
	deflate_free(source->deflate);
	source->deflate = NULL;
	if (keep && source->file != STDIN_FILENO)
		close(source->file);
	if (keep)
		source->file = into;
	source->is_plain = true;
	return err;
}

void
source_seek(struct source *source, uint64_t offset)
{
	(void)lseek(source->file, (off_t)offset, SEEK_SET);
}
