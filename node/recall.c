/*
 * recall: what members have asked today, read from the trail after a start.
 */
#include "node/recall.h"

#include "base/clock.h"
#include "base/log.h"
#include "node/entries_reader.h"

struct recall {
	struct limiter *limiter;
	const struct world *world;
	struct entries_reader *reader;
	uint64_t first, size;
	int64_t since_us;
};

static enum err
read_access(struct recall *recall, uint64_t index, struct access *access)
{
	struct entry entry;
	enum err err = entries_reader_read(recall->reader, index, &entry);

	return err == ERR_OK ? unpack_access(entry.bytes, access) : err;
}

/* The newest file that begins before today, or the first one. */
static enum err
find_start(struct recall *recall, uint64_t *index)
{
	struct access access;
	enum err err;

	*index = recall->size - 1;
	do {
		*index -= *index % ENTRIES_PER_FILE;
		err = read_access(recall, *index, &access);
		if (err != ERR_OK || access.time_us < recall->since_us ||
		    *index <= recall->first)
			return err;
		(*index)--;
	} while (true);
}

static enum err
recall_all(struct recall *recall, uint64_t *found)
{
	const struct limits *limits = catalog_limits(recall->world->catalog);
	struct access access;
	uint64_t index = 0;
	enum err err = find_start(recall, &index);

	for (; err == ERR_OK && index < recall->size; index++) {
		err = read_access(recall, index, &access);
		if (err != ERR_OK || access.time_us < recall->since_us)
			continue;
		limiter_recall(recall->limiter, limits,
		    world_find(recall->world, access.member), &access);
		++*found;
	}
	return err;
}

void
recall_day(
    struct limiter *limiter, const struct world *world, struct trail *trail)
{
	struct recall recall = {.limiter = limiter,
	    .world = world,
	    .first = trail_first(trail),
	    .size = trail_size(trail),
	    .since_us = limiter_day_start(clock_now_us())};
	uint64_t found = 0;
	enum err err = ERR_OK;

	if (world == NULL || world->catalog == NULL || recall.size == 0 ||
	    catalog_limits(world->catalog) == NULL)
		return;
	recall.reader = entries_reader_new(trail_entries_folder(trail));
	err = recall_all(&recall, &found);
	entries_reader_free(recall.reader);
	if (err == ERR_OK)
		log_info("limits.recalled", "questions=%llu",
		    (unsigned long long)found);
	else
		log_error("limits.recalled", "questions=%llu err=%s",
		    (unsigned long long)found, err_name(err));
}
