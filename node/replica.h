/*
 * replica: one sealed batch, from its bytes to the store.
 *
 * Check the hub's signature, admit it to its stream's chain, open it, apply
 * it.  Whatever fails, nothing of it is in the store.
 * What is known to come next is opened ahead, by the threads "open".
 * Thread: follow.
 */
#ifndef NODE_REPLICA_H
#define NODE_REPLICA_H

#include "node/parent.h"
#include "node/store.h"
#include "wire/keyring.h"

struct replica;

/* What was taken; borrowed until the next call. */
struct taken {
	struct batch_header header;
	struct followed *followed;
	const struct record *records;
	size_t count;
};

/* Both are borrowed. */
struct replica *replica_new(struct store *store, struct keyring *keys);
void replica_free(struct replica *replica); /* safe on NULL */
/* These will be taken next, in this order, if all goes well: begin to open
 * them.  They are borrowed until replica_forget, or the next ones. */
void replica_expect(
    struct replica *replica, const struct span *sealed, size_t count);
void replica_forget(struct replica *replica);
/* ERR_OK: applied (not yet synced).  ERR_SEEN: a harmless repeat.
 * ERR_MISSING: a stream that is not followed.  ERR_GAP: batches before it are
 * missing.  ERR_BUSY: an image has to come first.  ERR_CONFLICT: what we hold
 * is not what the hub signed.  Anything else: refused, logged and counted. */
MUST_CHECK enum err replica_take(struct replica *replica, struct parent *parent,
    struct span sealed, struct taken *taken);

#endif
