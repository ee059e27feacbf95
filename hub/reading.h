/*
 * reading: the bytes of a batch become rows of the ledger, and findings.
 *
 * A batch is read once for what identifies its rows, and again for those that
 * changed (ledger.h) or that name their subject by an old number.
 * One per batch; the ingest thread's.
 */
#ifndef HUB_READING_H
#define HUB_READING_H

#include <stdatomic.h>

#include "hub/catalogue.h"
#include "hub/findings.h"
#include "hub/ingest.h"
#include "hub/old_number.h"
#include "hub/quality.h"

struct reading {
	struct ledger *ledger;
	struct ingest_batch *batch;
	const struct catalogue *catalogue;
	struct findings *findings;
	struct old_numbers *numbers;
	struct quality *quality;
	const struct item *item;
	const char *provider;
	const atomic_bool *stop;
	bool full;
	int64_t now_us;
	uint64_t rows, rejected;
	uint64_t past; /* rows that are rejected, but withdraw */
};

/* Every row to the stage or to the findings, and counted.  Else the batch's
 * answer says why not. */
MUST_CHECK enum err reading_rows(struct reading *reading);
/* For a ledger's plan: the same rows once more, to ledger_stage_again. */
MUST_CHECK enum err reading_again(void *reading);

#endif
