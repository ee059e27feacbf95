/*
 * rehearsal_rows: what the ledger keeps of the last day's batches.
 *
 * Rows that changed the ledger, from its sealed batches, the newest first; and
 * rows that were rejected, as they came.  Bounded, however much came.
 */
#ifndef HUB_REHEARSAL_ROWS_H
#define HUB_REHEARSAL_ROWS_H

#include "hub/pg.h"
#include "hub/rehearsal.h"

/* Within the caller's transaction.  `all`: false when there was more than is
 * looked at. */
MUST_CHECK enum err rehearsal_rows_read(
    struct pg *pg, int64_t since_us, struct rehearsal *rehearsal, bool *all);

#endif
