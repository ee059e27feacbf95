/*
 * inclusion: the proof that an entry is in a trail, as a document.
 *
 * {"index","leaf_hash","tree_size","proof":[…],"checkpoint"}: hashes in hex,
 * the proof as in RFC 6962 §2.1.1, the checkpoint a signed note.
 * Pure; any thread.
 */
#ifndef CREDIT_INCLUSION_H
#define CREDIT_INCLUSION_H

#include "base/buf.h"
#include "credit/merkle.h"

#define INCLUSION_MAX 65536 /* bytes of a document */

struct inclusion {
	uint64_t index, size;
	struct digest leaf;
	struct merkle_proof proof;
	struct span checkpoint; /* borrowed, or of the buf given to parse */
};

void inclusion_print(const struct inclusion *inclusion, struct buf *json);
/* The checkpoint goes into `note`.  Nothing of it is believed yet. */
MUST_CHECK enum err inclusion_parse(struct span text,
    struct inclusion *inclusion, struct buf *note, struct why *why);
/* Does the proof lead from the leaf to this root? */
bool inclusion_holds(
    const struct inclusion *inclusion, const struct digest *root);

#endif
