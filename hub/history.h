/*
 * history: what the ledger knew of a subject, at any time, about any day.
 *
 * Known time: when the ledger held a version.  Valid time: the day that a
 * version is about (its as-of).  Both are kept, so any past answer can be
 * rebuilt.
 */
#ifndef HUB_HISTORY_H
#define HUB_HISTORY_H

#include "credit/catalog.h"
#include "hub/pg.h"

/* More records than this are not printed; the answer says so. */
#define HISTORY_RECORDS_MAX 5000

struct history {
	const struct catalog *catalog;
	const char *subject;
	uint32_t item;        /* 0: every item */
	const char *provider; /* whose records; "": everybody's */
	int64_t known_us;     /* as the ledger stood then */
	int64_t valid_us;     /* about then; -1: the newest */
};

/* {"subject","known_at","stream","records":[…],"moves":[…],"complete",
 * "statements":[…],"old_numbers":[…],"successor",
 * "absorbed":[…],"former_names":[…]}.
 * ERR_MISSING: nothing was known of it. */
MUST_CHECK enum err history_print(
    struct pg *pg, const struct history *history, struct buf *out);
/* Numbers of the catalogue's items with commas between, for SQL. */
void history_print_items(
    const struct catalog *catalog, uint32_t item, struct buf *out);

#endif
