/*
 * receipt: what a department is told about its batch, kept for good.
 *
 * A batch is (provider, item, id).  The receipt is written in the batch's own
 * transaction, so it exists exactly when the batch's effects do.
 */
#ifndef HUB_RECEIPT_H
#define HUB_RECEIPT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "hub/ledger.h"

#define RECEIPT_ID_MAX 128

struct receipt {
	const char *provider;
	uint32_t item;
	const char *id;
	struct digest digest; /* of the bytes as handed in */
	uint64_t size;
	int64_t received_us;
	const char *state; /* NULL: committed; held, refused: nothing merged */
	bool full;
	const char *held; /* why it is held; NULL: it is not */
	uint64_t share;   /* percent that it would have withdrawn, rejected */
	uint64_t rows, accepted, unchanged, rejected, warned;
	uint64_t withdrawn; /* left out by a full batch */
	const struct changelog_range *ranges;
	size_t range_count;
};

/* 1 to RECEIPT_ID_MAX printable ASCII characters without space. */
bool receipt_id_is_valid(const char *id);
/* Every row was accepted, unchanged or rejected, each counted on its own. */
bool receipt_is_whole(const struct receipt *receipt);
/* {"batch","item","state","rows",…,"streams"}; a full batch's says "mode" and
 * "withdrawn" too, a held one's "reason" and "share". */
void receipt_print(const struct receipt *receipt, struct buf *out);

/* Inside a ledger's transaction: wait for whoever hands in the same batch
 * right now, then look.  ERR_MISSING: new.  ERR_SEEN: there with the same
 * bytes; the receipt is appended to `out`.  ERR_CONFLICT: other bytes. */
MUST_CHECK enum err receipt_claim(
    struct pg *pg, const struct receipt *receipt, struct buf *out);
/* Rows that were taken with a warning; inside the same transaction. */
uint64_t receipt_count_warned(struct pg *pg, int64_t number);
/* Store it, or what became of it; `text` is its print. */
void receipt_keep(struct pg *pg, const struct receipt *receipt, int64_t number,
    struct span text);

/* Of `provider`, or of anybody when NULL.  ERR_MISSING when there is none. */
MUST_CHECK enum err receipt_read(struct pg *pg, const char *provider,
    uint32_t item, const char *id, struct buf *out);

/* Whose batches; numbers fall. */
struct receipt_question {
	const char *provider;
	uint32_t item;        /* 0: all */
	int64_t after, limit; /* those before that number; 0: the newest */
};
/* {"batches":[…],"next"}, the newest first. */
MUST_CHECK enum err receipt_list(
    struct pg *pg, const struct receipt_question *question, struct buf *out);

#endif
