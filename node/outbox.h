/*
 * outbox: upward messages that must not get lost on their way to the parent.
 *
 * In the store, in order, until the parent says that it has them on its own
 * disk.
 * Thread: follow.
 */
#ifndef NODE_OUTBOX_H
#define NODE_OUTBOX_H

#include "node/store.h"

/* Put a packed Upward under `sequence`; part of the caller's write. */
void outbox_put(struct kv_write *write, uint64_t sequence, struct span upward);
void outbox_delete(struct kv_write *write, uint64_t sequence);
/* The first one behind `after`, appended to `upward`; ERR_MISSING when there is
 * none. */
MUST_CHECK enum err outbox_next(struct snapshot *newest, uint64_t after,
    uint64_t *sequence, struct buf *upward, struct why *why);
/* The largest sequence in use; 0: none. */
MUST_CHECK enum err outbox_newest(
    struct snapshot *newest, uint64_t *sequence, struct why *why);

#endif
