/*
 * findings_read: findings for departments and operators, explained.
 */
#ifndef HUB_FINDINGS_READ_H
#define HUB_FINDINGS_READ_H

#include "base/buf.h"
#include "credit/catalog.h"
#include "hub/pg.h"

struct findings_question {
	const struct catalog *catalog; /* explains rules; NULL: nothing */
	const char *provider;          /* "": anybody's */
	uint32_t item;                 /* 0: all (of open ones) */
	const char *batch;             /* its id */
	int64_t after, limit;
};

/* {"findings":[…],"next"} of one batch, behind finding number `after`.
 * ERR_MISSING: no such batch. */
MUST_CHECK enum err findings_print(
    struct pg *pg, const struct findings_question *question, struct buf *out);
/* The same of all batches, those still open. */
MUST_CHECK enum err findings_print_open(
    struct pg *pg, const struct findings_question *question, struct buf *out);
/* The batch's rows with open findings, as they came, behind line `after`: what
 * was found, then the row, so that it can be corrected and handed in again.
 * CSV under its own header and with its own separator; of an NDJSON batch
 * objects a line.  `is_ndjson` says which it was. */
MUST_CHECK enum err findings_print_rows(struct pg *pg,
    const struct findings_question *question, struct buf *out, bool *is_ndjson);

#endif
