/*
 * witness: holds each node to the checkpoints that it signed.
 *
 * A checkpoint is cosigned (C2SP tlog-cosignature) only when its root is that
 * of the leaves that came in order, none of them ever replaced, and no smaller
 * one follows a larger one: so each cosigned checkpoint extends all before.
 * What is cosigned is committed before it leaves.
 * Thread: desk.
 */
#ifndef HUB_WITNESS_H
#define HUB_WITNESS_H

#include "base/sign.h"
#include "credit/member.h"
#include "credit/merkle.h"
#include "hub/pg.h"
#include "wire/pack.h"

/* What is known of one node's trail. */
struct witness {
	struct merkle tree; /* its size is what is next */
	uint64_t checked;   /* the largest checkpoint that held */
	uint64_t sequence;  /* of the newest message with a checkpoint */
	bool forked, shortened;
};

MUST_CHECK enum err witness_read(
    struct pg *pg, const char *code, struct witness *witness);
void witness_keep(
    struct pg *pg, const char *code, const struct witness *witness);

/* What the node is told. */
struct counted {
	struct signer *signer; /* NULL: this hub does not witness */
	uint64_t next;
	enum trail_verdict verdict;
	struct buf line; /* the cosignature; empty: none */
};
/* Looks at the checkpoint of `upward`, whose rows are in the tree already. */
void witness_look(struct pg *pg, const struct member *origin,
    const struct upward *upward, struct witness *witness,
    struct counted *counted);
/* The newest cosigned checkpoint of a node; ERR_MISSING: none. */
MUST_CHECK enum err witness_print(
    struct pg *pg, const char *code, struct buf *note);

#endif
