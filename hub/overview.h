/*
 * overview: how the network is doing, in a dozen figures.
 *
 * Every figure comes from counts that are kept while things are written, so
 * its cost does not grow with the number of records.
 */
#ifndef HUB_OVERVIEW_H
#define HUB_OVERVIEW_H

#include "hub/pg.h"

/* Within the caller's transaction. */
MUST_CHECK enum err overview_print(struct pg *pg, struct buf *out);

#endif
