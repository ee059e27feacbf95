/*
 * ingest: a handed-in file becomes records, findings and a receipt.
 *
 * A few threads, each with a connection of its own and one batch at a time.
 */
#ifndef HUB_INGEST_H
#define HUB_INGEST_H

#include <stdbool.h>

#include "base/shared.h"
#include "base/spool.h"
#include "credit/feed.h"
#include "credit/member.h"
#include "hub/answer.h"
#include "hub/content.h"
#include "hub/receipt.h"

#define INGEST_DIVISIONS_MAX 1024

struct hold_limits;
struct ingest;

/* One batch on its way.  `done` is called once, on an ingest thread or on that
 * of ingest_stop, with the answer filled; then the batch is the caller's
 * again. */
struct ingest_batch {
	char provider[MEMBER_CODE_MAX + 1];
	char id[RECEIPT_ID_MAX + 1];
	uint32_t item;
	enum feed_format format;
	const char *charset; /* static */
	int64_t received_us;
	bool full; /* replaces the provider's set of the item … */
	char divisions[INGEST_DIVISIONS_MAX + 1]; /* … within these, or
						     those of its rows */
	int64_t sequence; /* the provider's own number; 0: none */
	bool release;     /* it was held and is let in; has no spool yet */
	char decided_by[MEMBER_CODE_MAX + 1]; /* by this operator */
	enum inflate_kind coding;             /* of the bytes in the spool */
	struct spool *spool;  /* complete; NULL: only asked again */
	bool promised;        /* the sender has said the digest … */
	struct digest digest; /* … and this is it */
	/* Inside the transaction, when the batch is merged or was before; may
	 * be NULL.  An error rolls all back. */
	enum err (*within)(struct ingest_batch *batch, struct pg *pg);
	struct answer answer;
	void (*done)(struct ingest_batch *batch);
};

struct ingest_settings {
	const char *conninfo;
	const char *batch_key;
	unsigned threads;
	struct shared *catalogue;       /* struct catalogue; borrowed */
	const struct hold_limits *hold; /* copied */
	struct inflate_limits limits;
	/* After each commit with changes; any thread; may be NULL. */
	void (*committed)(void *context);
	void *context;
};

/* NULL and `why` when a connection cannot be made. */
struct ingest *ingest_open(
    const struct ingest_settings *settings, struct why *why);
/* Nothing more is taken.  Batches that have not begun are answered 503 at
 * once; those that are being merged have `grace_ms`, then they are rolled back
 * and answered 503 too.  Nothing runs when it returns.  Safe on NULL. */
void ingest_stop(struct ingest *ingest, unsigned grace_ms);
/* After ingest_stop.  Safe on NULL. */
void ingest_close(struct ingest *ingest);
/* False when too much waits: the batch is the caller's again.  Any thread. */
bool ingest_post(struct ingest *ingest, struct ingest_batch *batch);

#endif
