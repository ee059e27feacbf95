/*
 * trim: the sealed log gives up its oldest batches, by age and by size.
 *
 * The newest batch of a stream never goes: an image of the stream is checked
 * against its header.  A child that is behind what is left gets an image.
 * Thread: follow.
 */
#ifndef NODE_TRIM_H
#define NODE_TRIM_H

#include "node/parent.h"
#include "node/store.h"

struct trim_limits {
	int64_t age_us; /* 0: any age */
	uint64_t bytes; /* of all streams together; 0: any size */
};

/* Some of what has to go, so that nobody waits long; call it again. */
MUST_CHECK enum err trim_log(struct store *store, struct parent *parent,
    const struct trim_limits *limits, struct why *why);

#endif
