/*
 * outbox: upward messages that must not get lost on their way to the parent.
 *
 * In the store until the parent says that it has them on its own disk; sent
 * in order, one at a time, so that a revocation never overtakes its consent.
 * Thread: follow.
 */
#ifndef NODE_OUTBOX_H
#define NODE_OUTBOX_H

#include "node/store.h"

/* Put a packed Upward under `sequence`; part of the caller's write. */
void outbox_put(struct kv_write *write, uint64_t sequence, struct span upward);
void outbox_delete(struct kv_write *write, uint64_t sequence);
/* The oldest one, appended to `upward`; ERR_MISSING when it is empty. */
MUST_CHECK enum err outbox_oldest(struct snapshot *newest, uint64_t *sequence,
    struct buf *upward, struct why *why);
/* The largest sequence in use; 0: none. */
MUST_CHECK enum err outbox_newest(
    struct snapshot *newest, uint64_t *sequence, struct why *why);

#endif
