/*
 * retention: a trail's oldest entries go when they are old enough.
 */
#include "node/retention.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "wire/pack.h"

#define DAY_US (86400 * CLOCK_SECOND)
#define MARK_MAX 32
#define USES_MAX ((size_t)1 << 30)

static enum err
read_named(const char *folder, const char *name, size_t max, struct buf *out,
    struct why *why)
{
	char path[ENTRIES_PATH_SIZE];

	return file_read(
	    file_path(path, sizeof(path), folder, name), max, out, why);
}

static enum err
write_named(const char *folder, const char *name, const struct buf *bytes,
    struct why *why)
{
	char path[ENTRIES_PATH_SIZE];

	return file_replace(file_path(path, sizeof(path), folder, name),
	    buf_span(bytes), 0600, why);
}

/* Killed before its file was gone. */
static void
drop_leftover(const char *folder, uint64_t deleted)
{
	char path[ENTRIES_PATH_SIZE];

	if (deleted > 0)
		unlink(entries_path(folder, deleted - 1, path));
}

enum err
retention_read(
    const char *folder, struct uses *uses, uint64_t *deleted, struct why *why)
{
	struct buf mark = {0}, counts = {0};
	enum err err = read_named(folder, "deleted", MARK_MAX, &mark, why);

	*deleted = 0;
	if (err == ERR_OK) {
		*deleted = strtoull(buf_cstr(&mark), NULL, 10);
		err = read_named(folder, "uses", USES_MAX, &counts, why);
		if (err == ERR_OK && (*deleted % ENTRIES_PER_FILE != 0 ||
					 !uses_parse(uses, buf_span(&counts))))
			err = why_set(why, ERR_INVALID,
			    "what was deleted of the trail is not known");
		drop_leftover(folder, *deleted);
	} else if (err == ERR_MISSING) {
		err = ERR_OK;
	}
	buf_release(&mark);
	buf_release(&counts);
	return err;
}

/* The entry behind the oldest file tells the age of all that are in it. */
static bool
is_due(const struct retention *retention)
{
	uint64_t behind = entries_first(retention->entries) + ENTRIES_PER_FILE;
	struct access access = {0};
	struct entry entry;
	struct buf bytes = {0};
	bool due = false;

	if (retention->days > 0 && behind <= retention->witnessed &&
	    entries_read(retention->entries, behind, &entry, &bytes) ==
		ERR_OK &&
	    unpack_access(entry.bytes, &access) == ERR_OK)
		due =
		    access.time_us < clock_now_us() - retention->days * DAY_US;
	buf_release(&bytes);
	return due;
}

/* Tiles are not synced one by one: now all of them are. */
static enum err
sync_all(const char *folder, struct why *why)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err err = ERR_OK;

	if (fd < 0 || syncfs(fd) != 0)
		err = why_set(
		    why, ERR_IO, "cannot sync the trail: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return err;
}

static enum err
write_mark(const struct retention *retention, uint64_t deleted, struct why *why)
{
	struct buf counts = {0}, mark = {0};
	enum err err;

	uses_print(retention->uses, &counts);
	err = write_named(retention->folder, "uses", &counts, why);
	buf_print(&mark, "%llu\n", (unsigned long long)deleted);
	if (err == ERR_OK)
		err = write_named(retention->folder, "deleted", &mark, why);
	buf_release(&counts);
	buf_release(&mark);
	return err;
}

enum err
retention_run(const struct retention *retention, struct why *why)
{
	uint64_t first;
	enum err err = ERR_OK;

	while (err == ERR_OK && is_due(retention)) {
		first = entries_first(retention->entries);
		err = sync_all(retention->folder, why);
		if (err == ERR_OK)
			err = write_mark(
			    retention, first + ENTRIES_PER_FILE, why);
		if (err == ERR_OK)
			err = entries_drop_oldest(retention->entries, why);
		if (err == ERR_OK)
			log_info("trail.deleted", "first=%llu count=%d",
			    (unsigned long long)first, ENTRIES_PER_FILE);
	}
	return err;
}
