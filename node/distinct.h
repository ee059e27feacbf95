/*
 * distinct: which subjects one member has asked about on one day, without a
 * lock.
 *
 * Open addressing over tables that grow fourfold: a hash has one row of places,
 * ever the same, and is written into the first that is free.  Places are taken
 * once a day and never given back on it, so two threads that add the same hash
 * meet at the same place and one of them finds the other's: each is counted
 * once.  What is of another day is free.  A hash has 48 bits of a keyed digest:
 * among a million subjects two are taken for one with a chance of one in 500.
 * Any thread.
 */
#ifndef NODE_DISTINCT_H
#define NODE_DISTINCT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A number that begins anew each day: the day in the upper half. */
typedef _Atomic uint64_t day_count;

/* One more, unless there are `limit` already (0: no limit).  A day that has
 * passed is counted as the newest one. */
bool day_count_add(day_count *count, uint32_t day, uint32_t limit);
void day_count_undo(day_count *count, uint32_t day);
uint32_t day_count_get(const day_count *count, uint32_t day);

struct distinct_table;

struct distinct {
	struct distinct_table *_Atomic first;
	day_count count;
};

void distinct_release(struct distinct *distinct);
/* Is it one of them, now or already?  False: there are `limit`, and it is not
 * among them. */
bool distinct_add(
    struct distinct *distinct, uint32_t day, uint64_t hash, uint32_t limit);

#endif
