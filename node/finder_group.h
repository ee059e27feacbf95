/*
 * finder_group: rows of the index that are written together, in order.
 *
 * RocksDB takes rows in ascending order several times as fast as at random.
 * Of several words about one row the last one counts.  One thread.
 */
#ifndef NODE_FINDER_GROUP_H
#define NODE_FINDER_GROUP_H

#include "node/kv.h"

struct finder_group {
	struct buf keys;
	struct finder_row *rows;
	size_t count, size;
};

void finder_group_release(struct finder_group *group);
/* A row without a value is put, or (`deletes`) goes.  `key` is copied. */
void finder_group_add(
    struct finder_group *group, struct span key, bool deletes);
/* All of it into `write`; the group is empty then. */
void finder_group_write(
    struct finder_group *group, struct kv_write *write, unsigned family);

#endif
