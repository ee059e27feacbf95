/*
 * findings: which rows of a batch were found wanting, and which later row
 * corrects them.
 *
 * A row with findings stays open until a later batch of the same provider
 * and item takes a row in its place: one that names it (column `_corrects`),
 * has its source number, or is about the same record.  All of it is part of
 * the batch's transaction.
 * One per ingest thread.
 */
#ifndef HUB_FINDINGS_H
#define HUB_FINDINGS_H

#include "credit/feed.h"
#include "hub/pg.h"

/* The batch being merged; borrowed until it is settled. */
struct findings_batch {
	struct pg *pg;
	int64_t number;
	const char *provider;
	const struct item *item;
	uint64_t catalogue_version;
};

struct findings;

struct findings *findings_new(void);
void findings_free(struct findings *findings); /* safe on NULL */
/* Forgets what an earlier look at the same batch found. */
void findings_begin(
    struct findings *findings, const struct findings_batch *batch);
void findings_take(struct findings *findings, const struct feed_row *row);
/* The header as it came; copied. */
void findings_set_header(struct findings *findings, struct span header);
/* Everything is merged: ask what only the ledger knows, close what was
 * corrected. */
void findings_settle(struct findings *findings);
/* Instead, when nothing was merged. */
void findings_put_off(struct findings *findings);
/* The batch's row is written: add header and catalogue. */
void findings_keep(struct findings *findings);

#endif
