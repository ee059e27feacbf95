/*
 * retention: records leave on their day.
 *
 * The catalogue says how many years after which of its dates a record of an
 * item is shown (credit/expiry.h).  Past that day it is withdrawn, as a change
 * like any other; and what its history says goes when it has been withdrawn for
 * as long. Digests stay, so that it can still be proved what was.  Materials of
 * objections go some time after their end.
 */
#ifndef HUB_RETENTION_H
#define HUB_RETENTION_H

#include "hub/ledger.h"

struct retention {
	const struct catalog *catalog;
	int64_t now_us;
	bool dry;              /* count only */
	int64_t material_days; /* of objections, after their end */
};

/* Many short transactions; stops at the first that fails.  Appends
 * {"items":[{"item","years","from","due","purge"}]}. */
MUST_CHECK enum err retention_run(struct ledger *ledger,
    const struct retention *retention, struct buf *out, struct why *why);

#endif
