/*
 * entries_room: zeros ahead of the trail's entries.
 */
#include <assert.h>
#include <unistd.h>

#include "base/file.h"
#include "node/entries_inner.h"

/* As much as there are, within these bounds. */
#define AHEAD_BYTES_MIN ((off_t)256 << 10)
#define AHEAD_BYTES_MAX ((off_t)2 << 20)
#define EXPECT_MAX ((off_t)64 << 20)
#define FEW (ENTRIES_PER_FILE / 16) /* tell nothing about those to come */

enum err
entries_put(struct entries *entries, off_t offset, struct span bytes)
{
	enum err err = ERR_OK;

	if (entries->at != offset &&
	    lseek(entries->fd, offset, SEEK_SET) != offset)
		err = ERR_IO;
	if (err == ERR_OK)
		err = file_write_all(entries->fd, bytes);
	entries->at = err == ERR_OK ? offset + (off_t)bytes.len : -1;
	return err;
}

static void
entries_add_room(struct entries *entries, off_t from, off_t len)
{
	static const char zeros[AHEAD_BYTES_MAX];

	assert(len <= AHEAD_BYTES_MAX);
	if (entries_put(entries, from, span_make(zeros, (size_t)len)) == ERR_OK)
		entries->allocated = from + len;
	else if (ftruncate(entries->fd, entries->end) == 0)
		entries->allocated = entries->end;
}

/* A sync of bytes that a file has already waits for these alone; of a file that
 * grows, or whose blocks were never written, for its inode too. */
void
entries_take_room(struct entries *entries, off_t end)
{
	off_t len = end;

	if (end <= entries->allocated)
		return;
	if (len < AHEAD_BYTES_MIN)
		len = AHEAD_BYTES_MIN;
	if (len > AHEAD_BYTES_MAX)
		len = AHEAD_BYTES_MAX;
	entries_add_room(entries, end, len);
}

/* Going by the entries so far, with something to spare. */
static off_t
entries_expect(const struct entries *entries)
{
	off_t done = (off_t)(entries->count % ENTRIES_PER_FILE);
	off_t all =
	    entries->end / done * (ENTRIES_PER_FILE + ENTRIES_PER_FILE / 16);

	return all < EXPECT_MAX ? all : EXPECT_MAX;
}

void
entries_prepare(struct entries *entries)
{
	off_t expected, before;

	if (entries->count % ENTRIES_PER_FILE < FEW)
		return;
	expected = entries_expect(entries);
	if (!spare_fits(entries->spare, expected))
		return;
	do {
		before = entries->allocated;
		if (before < expected)
			entries_add_room(entries, before, AHEAD_BYTES_MAX);
	} while (entries->allocated > before);
	(void)fdatasync(entries->fd);
}

void
entries_ask_spare(struct entries *entries)
{
	if (entries->asked || entries_room(entries) > ENTRIES_PER_FILE / 2)
		return;
	entries->asked = true;
	spare_make(entries->spare, entries_expect(entries));
}
