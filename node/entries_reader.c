/*
 * entries_reader: the trail's entries once more, in order, beside the thread
 * that writes them.
 */
#include "node/entries_reader.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define CHUNK ((size_t)256 << 10)

struct entries_reader {
	char folder[ENTRIES_PATH_SIZE];
	int fd;         /* -1: no file is open */
	uint64_t first; /* index of the file's first entry */
	uint64_t next;  /* index of the frame at `at` */
	off_t offset;   /* of that frame */
	off_t begin;    /* of the one before */
	struct buf buf; /* bytes of the file … */
	size_t at;      /* … in which it is here */
};

struct entries_reader *
entries_reader_new(const char *folder)
{
	struct entries_reader *reader = mem_new(sizeof(*reader));

	snprintf(reader->folder, sizeof(reader->folder), "%s", folder);
	reader->fd = -1;
	return reader;
}

static void
reader_close(struct entries_reader *reader)
{
	if (reader->fd >= 0)
		close(reader->fd);
	reader->fd = -1;
	buf_reset(&reader->buf);
	reader->at = 0;
	reader->offset = 0;
}

void
entries_reader_free(struct entries_reader *reader)
{
	if (reader == NULL)
		return;
	reader_close(reader);
	buf_release(&reader->buf);
	mem_free(reader);
}

static enum err
reader_open(struct entries_reader *reader, uint64_t index)
{
	char path[ENTRIES_PATH_SIZE];

	reader_close(reader);
	reader->fd = open(
	    entries_path(reader->folder, index, path), O_RDONLY | O_CLOEXEC);
	reader->first = reader->next = index - index % ENTRIES_PER_FILE;
	return reader->fd >= 0 ? ERR_OK : ERR_IO;
}

/* What lies behind the frames may have been written since it was read, so it is
 * read again; a chunk has room for any frame. */
static enum err
reader_fill(struct entries_reader *reader)
{
	ssize_t got;

	buf_reset(&reader->buf);
	reader->at = 0;
	got = pread(
	    reader->fd, buf_room(&reader->buf, CHUNK), CHUNK, reader->offset);
	if (got <= 0)
		return ERR_IO;
	reader->buf.len = (size_t)got;
	return ERR_OK;
}

static size_t
reader_parse(struct entries_reader *reader, struct entry *entry)
{
	if (reader->buf.len == 0)
		return 0;
	return entries_parse_frame(span_make(reader->buf.data + reader->at,
				       reader->buf.len - reader->at),
	    entry);
}

static enum err
reader_step(struct entries_reader *reader, struct entry *entry)
{
	size_t len = reader_parse(reader, entry);

	if (len == 0 && reader_fill(reader) == ERR_OK)
		len = reader_parse(reader, entry);
	if (len == 0)
		return ERR_IO;
	entry->index = reader->next++;
	reader->at += len;
	reader->begin = reader->offset;
	reader->offset += (off_t)len;
	return ERR_OK;
}

enum err
entries_reader_read(
    struct entries_reader *reader, uint64_t index, struct entry *entry)
{
	bool follows = reader->fd >= 0 && index >= reader->next &&
		       index < reader->first + ENTRIES_PER_FILE;
	enum err err = follows ? ERR_OK : reader_open(reader, index);

	while (err == ERR_OK && reader->next <= index)
		err = reader_step(reader, entry);
	if (err != ERR_OK)
		reader_close(reader);
	return err;
}

uint64_t
entries_reader_offset(const struct entries_reader *reader)
{
	return (uint64_t)reader->begin;
}

enum err
entries_reader_seek(
    struct entries_reader *reader, uint64_t index, uint64_t offset)
{
	enum err err = reader_open(reader, index);

	if (err != ERR_OK)
		return err;
	reader->next = index;
	reader->offset = (off_t)offset;
	return ERR_OK;
}
