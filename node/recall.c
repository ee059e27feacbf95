/*
 * recall: what members have asked today, read from the trail after a start.
 */
#include "node/recall.h"

#include "base/clock.h"
#include "base/log.h"

struct recall {
	struct limiter *limiter;
	const struct world *world;
	struct entries_reader *reader;
	struct recall_reach reach;
};

static enum err
read_access(
    struct entries_reader *reader, uint64_t index, struct access *access)
{
	struct entry entry;
	enum err err = entries_reader_read(reader, index, &entry);

	return err == ERR_OK ? unpack_access(entry.bytes, access) : err;
}

struct recall_reach
recall_reach(const struct trail *trail)
{
	return (struct recall_reach){.first = trail_first(trail),
	    .size = trail_size(trail),
	    .since_us = limiter_day_start(clock_now_us())};
}

enum err
recall_find(struct entries_reader *reader, const struct recall_reach *reach,
    uint64_t *index)
{
	struct access access = {0};
	enum err err;

	*index = reach->size;
	if (reach->first >= reach->size)
		return ERR_OK;
	(*index)--;
	do {
		*index -= *index % ENTRIES_PER_FILE;
		err = read_access(reader, *index, &access);
		if (err != ERR_OK || access.time_us < reach->since_us ||
		    *index <= reach->first)
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
	enum err err = recall_find(recall->reader, &recall->reach, &index);

	for (; err == ERR_OK && index < recall->reach.size; index++) {
		err = read_access(recall->reader, index, &access);
		/* Events were told, not asked for. */
		if (err != ERR_OK || access.time_us < recall->reach.since_us ||
		    strcmp(access.action, "events") == 0)
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
	struct recall recall = {
	    .limiter = limiter, .world = world, .reach = recall_reach(trail)};
	uint64_t found = 0;
	enum err err = ERR_OK;

	if (world == NULL || world->catalog == NULL || recall.reach.size == 0 ||
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
