/*
 * origin_feed: a department's batch becomes records of a sandbox.
 *
 * Rows are read and judged by the rules of any hub (credit/feed.h); of two
 * rows of one record the later counts.  What only a hub has is missing: held
 * batches, conflicts between departments, findings to be corrected.
 */
#ifndef NODE_ORIGIN_FEED_H
#define NODE_ORIGIN_FEED_H

#include "credit/feed.h"
#include "node/origin.h"

struct origin_feed {
	const struct catalog *catalog;
	uint32_t item;
	const char *provider; /* member code */
	const char *id;       /* of the batch */
	const char *type;     /* Content-Type: CSV or NDJSON, charset */
};

/* Puts and commits the rows; appends the receipt.  ERR_INVALID: the batch
 * cannot be read as a whole; other errors are the origin's. */
MUST_CHECK enum err origin_feed_take(struct origin *origin,
    const struct origin_feed *feed, struct span bytes, struct buf *receipt,
    struct why *why);

#endif
