/*
 * trim: the oldest batches leave the log.
 *
 * By age and by size, in portions of their own transactions.  The newest batch
 * of a stream never leaves, nor what is behind the position of an image: who
 * takes that image goes on from there.  The log's size is counted once and
 * then kept.  One thread per trim.
 */
#ifndef HUB_TRIM_H
#define HUB_TRIM_H

#include "hub/pg.h"
#include "hub/shelf.h"

struct trim;

struct trim_limits {
	int64_t days;  /* older batches leave; 0: never */
	int64_t bytes; /* of all batches together; 0: any */
};

struct trim *trim_new(const struct trim_limits *limits);
void trim_free(struct trim *trim); /* safe on NULL */
/* What has to leave at `now_us` leaves; `images`: ascending by stream. */
MUST_CHECK enum err trim_run(struct trim *trim, struct pg *pg,
    const struct shelf_image *images, size_t count, int64_t now_us);

#endif
