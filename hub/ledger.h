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
	bool dated; /* the row itself states its data date: as_of_us */
};

/* How a department's batch is to be merged; all is borrowed until the end.
 * Control records have no plan. */
struct ledger_plan {
	const struct catalog *catalog; /* NULL: no plan */
	uint32_t item;
	const char *provider;
	bool full;             /* what it leaves out is withdrawn … */
	const char *divisions; /* … within these ("4401,44"), or within the
				  streams of its rows when empty */
	bool was_held; /* nothing that came after received_us is undone */
	int64_t received_us;
	/* Hands every row of the batch in once more, in the same order, to
	 * ledger_stage_again: what is wide of a row goes to the database only
	 * when it has changed.  NULL: rows are staged whole. */
	enum err (*again)(void *context);
	void *context;
};

/* What a merge did; `ranges` is borrowed until the next begin. */
struct ledger_outcome {
	uint64_t changed; /* rows of the batch, no withdrawn or moved ones */
	uint64_t unchanged;
	uint64_t duplicates; /* rejected for a later row with the same key */
	uint64_t withdrawn;  /* left out by a full batch … */
	uint64_t set;        /* … of so many records that it replaces */
	uint64_t moved;      /* subjects that left a stream */
	const struct changelog_range *ranges;
	size_t range_count;
};

void ledger_begin(struct ledger *ledger);
/* After ledger_begin, for a department's batch. */
void ledger_set_plan(struct ledger *ledger, const struct ledger_plan *plan);
/* Findings and records will name this batch, one that has a number. */
void ledger_set_number(struct ledger *ledger, int64_t number);
/* Number of the batch that findings and records will name; once a batch. */
int64_t ledger_take_number(struct ledger *ledger);
void ledger_stage(struct ledger *ledger, const struct ledger_row *row);
/* While the plan's `again` runs, and only then. */
void ledger_stage_again(struct ledger *ledger, const struct ledger_row *row);
/* `original`: the row as it came, or empty. */
void ledger_note(
    struct ledger *ledger, const struct finding *finding, struct span original);
/* A full batch: this record's row was refused, but it is not left out. */
void ledger_mention(
    struct ledger *ledger, struct span subject, struct span key);
/* What would the merge do?  Everything but `ranges`; nothing is written but
 * findings, until ledger_merge.  Holds the locks of the merge. */
void ledger_prepare(struct ledger *ledger, struct ledger_outcome *outcome);
/* After ledger_prepare, instead of ledger_merge: only findings stay. */
void ledger_give_up(struct ledger *ledger);
/* Prepares, if nobody has, and writes. */
void ledger_merge(struct ledger *ledger, struct ledger_outcome *outcome);
/* In place of rows: withdraw the records of the plan's item in `stream` that
 * `sql` selects as stream, item, subject, key, provider, under the locks of a
 * merge; answers how many. */
uint64_t ledger_withdraw(struct ledger *ledger, const char *stream,
    const char *sql, const struct pg_arg *args, size_t count);
/* Commits, or rolls back when anything failed or `commit` is false. */
MUST_CHECK enum err ledger_end(struct ledger *ledger, bool commit);
const char *ledger_why(const struct ledger *ledger);

#endif
