/*
 * ledger: a batch of rows becomes changed records, in one transaction.
 *
 * Nothing of a batch is in the ledger before ledger_end, everything is
 * after it.  An unchanged row changes nothing and is not sent on.  Memory
 * does not grow with the batch: rows wait in temporary tables.
 * One thread per ledger; each has its own connection.
 */
#ifndef HUB_LEDGER_H
#define HUB_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "credit/catalog.h"
#include "credit/finding.h"
#include "credit/record.h"
#include "hub/changelog.h"
#include "hub/pg.h"

/* The channel that LISTEN hears after a commit with changes. */
#define LEDGER_CHANNEL "rongxin_changes"

struct ledger;

/* `batch_key`: file of the key that seals batches. */
struct ledger *ledger_open(
    const char *conninfo, const char *batch_key, struct why *why);
void ledger_close(struct ledger *ledger); /* safe on NULL */
/* The connection, for reads and writes in the same transaction. */
struct pg *ledger_pg(struct ledger *ledger);

struct ledger_row {
	uint64_t line; /* once in a batch; of equal keys the highest counts */
	const struct record *record; /* provider set; version ignored */
	const struct item *item;     /* NULL for control records */
	const char *stream;
	bool named; /* the row itself names its division */
};

/* What a merge did; `ranges` is borrowed until the next begin. */
struct ledger_outcome {
	uint64_t changed;
	uint64_t unchanged;
	uint64_t duplicates; /* rejected for a later row with the same key */
	const struct changelog_range *ranges;
	size_t range_count;
};

void ledger_begin(struct ledger *ledger);
/* Number of the batch that findings and records will name; once a batch. */
int64_t ledger_take_number(struct ledger *ledger);
void ledger_stage(struct ledger *ledger, const struct ledger_row *row);
/* `original`: the row as it came, or empty. */
void ledger_note(
    struct ledger *ledger, const struct finding *finding, struct span original);
void ledger_merge(struct ledger *ledger, struct ledger_outcome *outcome);
/* Commits, or rolls back when anything failed or `commit` is false. */
MUST_CHECK enum err ledger_end(struct ledger *ledger, bool commit);
const char *ledger_why(const struct ledger *ledger);

#endif
