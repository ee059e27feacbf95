/*
 * hold: batches that wait for an operator.
 *
 * A full batch that would withdraw too much, or a batch of which too much is
 * rejected, is kept as it came and changes nothing until somebody decides.
 * The row in the ledger says that it waits; the bytes are in a folder.  They
 * are on disk before the row is committed, and go after it is decided.
 */
#ifndef HUB_HOLD_H
#define HUB_HOLD_H

#include "hub/ingest.h"

/* Shares are of small batches by chance; rejects count from so many rows. */
#define HOLD_ROWS_MIN 100

struct hold_limits {
	const char *folder;     /* borrowed; made by hold_clean */
	int64_t withdraw_share; /* percent of a set */
	int64_t reject_share;   /* percent of a batch's rows */
};

/* Why this batch must wait, or NULL.  Static; fills `receipt->share`. */
const char *hold_reason(
    const struct hold_limits *limits, uint64_t set, struct receipt *receipt);
/* Keep bytes and description; the receipt's row is the caller's. */
MUST_CHECK enum err hold_keep(const struct hold_limits *limits, struct pg *pg,
    struct ingest_batch *batch, const struct receipt *receipt, int64_t number);
/* Instead of receipt_claim: fills batch (with its spool) and receipt as they
 * were handed in.  ERR_MISSING: no such batch; ERR_CONFLICT: none that waits,
 * the answer says so. */
MUST_CHECK enum err hold_claim(const struct hold_limits *limits, struct pg *pg,
    struct ingest_batch *batch, struct receipt *receipt, int64_t *number);
/* In the transaction of the decision. */
void hold_decide(struct pg *pg, int64_t number,
    const struct ingest_batch *batch, const char *action);
/* Refuse it for good; its receipt says so.  One transaction. */
MUST_CHECK enum err hold_refuse(const struct hold_limits *limits, struct pg *pg,
    struct ingest_batch *batch);
/* {"batches":[…]} of `provider`, or of all when "". */
MUST_CHECK enum err hold_print(
    struct pg *pg, const char *provider, struct buf *out);
/* Make the folder; remove bytes of which no batch waits. */
MUST_CHECK enum err hold_clean(
    const char *folder, struct pg *pg, struct why *why);

#endif
