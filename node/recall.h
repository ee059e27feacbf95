/*
 * recall: what members have asked today, read from the trail after a start.
 *
 * The trail has every question, so no other file has to be kept, and none can
 * say something else.
 */
#ifndef NODE_RECALL_H
#define NODE_RECALL_H

#include "node/limiter.h"
#include "node/trail.h"
#include "node/world.h"

/* Into a new limiter, before anybody asks. */
void recall_day(
    struct limiter *limiter, const struct world *world, struct trail *trail);

#endif
