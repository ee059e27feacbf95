/*
 * freight: a batch that a department left at a node, come up piece by piece.
 *
 * The department's signature on the manifest says whose it is and which bytes
 * it has: the node and the relays between can lose it, and nothing else.
 * Pieces lie in the spool as those of any upload in parts.
 * Thread: the desk, then once an ingest thread.
 */
#ifndef HUB_FREIGHT_H
#define HUB_FREIGHT_H

#include "hub/hub.h"
#include "wire/pack.h"

#define FREIGHT_TYPE "rongxin-feed+jws"

struct freight {
	struct ingest_batch batch; /* first: ingest knows only this */
	struct hub *hub;           /* set by the caller; the rest is filled */
	uint64_t size;             /* that the manifest promises */
	uint64_t held;             /* bytes of it in the spool */
	bool whole;                /* all of it: freight_merge is due */
	unsigned status;           /* of the answer; 0: none yet */
	struct buf answer;         /* a receipt or a problem */
	void (*merged)(struct freight *freight); /* of freight_merge */
	void *context;
};

/* Keep the piece, or tell what became of the batch.  May be called again for
 * the same piece.  An error of the world only; what is wrong with the batch is
 * its answer. */
MUST_CHECK enum err freight_take(struct freight *freight, struct pg *pg,
    const char *origin, const struct upward *upward);
/* Hand it to ingest; `merged` is called once, on whichever thread, with
 * `status` set if it was refused for good. */
void freight_merge(struct freight *freight,
    void (*merged)(struct freight *freight), void *context);
void freight_release(struct freight *freight);

#endif
