/*
 * sequence: a department's own numbers of its batches.
 *
 * Who numbers the batches of an item has them taken in that order: the next
 * is taken, another one is refused and told which would be.
 */
#ifndef HUB_SEQUENCE_H
#define HUB_SEQUENCE_H

#include <stdint.h>

#include "base/err.h"
#include "hub/pg.h"

/* Inside the batch's transaction, which holds the place until it ends; the
 * first number ever may be any.  ERR_GAP: batches before it are missing;
 * ERR_SEEN: it was taken; both fill `expected`. */
MUST_CHECK enum err sequence_take(struct pg *pg, const char *provider,
    uint32_t item, int64_t number, int64_t *expected);

#endif
