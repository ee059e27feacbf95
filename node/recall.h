/*
 * recall: what members have asked today, read from the trail after a start.
 *
 * The trail has every question, so no other file has to be kept, and none can
 * say something else.
 */
#ifndef NODE_RECALL_H
#define NODE_RECALL_H

#include "node/entries_reader.h"
#include "node/limiter.h"
#include "node/trail.h"
#include "node/world.h"

/* Entries that are there, and since when they are of interest. */
struct recall_reach {
	uint64_t first, size;
	int64_t since_us;
};

/* Today's. */
struct recall_reach recall_reach(const struct trail *trail);
/* The first entry of the newest file that begins before that time, or of all:
 * what is later is behind it. */
MUST_CHECK enum err recall_find(struct entries_reader *reader,
    const struct recall_reach *reach, uint64_t *index);
/* Into a new limiter, before anybody asks. */
void recall_day(
    struct limiter *limiter, const struct world *world, struct trail *trail);

#endif
