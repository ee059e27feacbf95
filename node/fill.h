/*
 * fill: checked chunks of an image become table files.
 *
 * Of a chunk only what differs from ours is written: records that are other
 * or new, and deletions of those that the image does not have.  So taking the
 * tables in makes the chunk's range what the image says, whole.
 * One thread; chunks in ascending order.
 */
#ifndef NODE_FILL_H
#define NODE_FILL_H

#include "node/index.h"
#include "node/staging.h"
#include "node/store.h"

struct fill;

/* Everything is borrowed; the stream must not change in the store meanwhile.
 * `alone`: nothing is held of it, so nothing is looked for. */
struct fill *fill_new(struct store *store, struct staging *staging,
    const struct index *index, bool alone);
void fill_free(struct fill *fill); /* a table begun is dropped; safe on NULL */
/* The records of chunk `number`, checked. */
MUST_CHECK enum err fill_chunk(struct fill *fill, uint32_t number,
    const struct record *records, struct why *why);
/* Keep the table begun. */
MUST_CHECK enum err fill_end(struct fill *fill, struct why *why);
/* So far: records put, records deleted. */
struct fill_count {
	uint64_t put, deleted;
};
struct fill_count fill_count(const struct fill *fill);

#endif
