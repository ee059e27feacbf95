/*
 * conflict: records about which providers disagree, for them and operators.
 *
 * Whose they are and which fields differ, never what these say: that is in
 * the ledger's view of the subject, each provider's own for itself.
 */
#ifndef HUB_CONFLICT_H
#define HUB_CONFLICT_H

#include "base/buf.h"
#include "hub/pg.h"

struct conflict_question {
	const char *provider; /* one of those that disagree; "": any */
	uint32_t item;        /* 0: all */
	int64_t after, limit;
};

/* {"conflicts":[…],"next"}, oldest first, without the first `after`. */
MUST_CHECK enum err conflict_print(
    struct pg *pg, const struct conflict_question *question, struct buf *out);

#endif
