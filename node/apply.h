/*
 * apply: one verified batch goes into the store, whole or not at all.
 *
 * The state digest after the batch must be the one that the hub signed; else
 * nothing is written and the stream is marked as diverged.
 * Thread: follow.
 */
#ifndef NODE_APPLY_H
#define NODE_APPLY_H

#include "node/replaced.h"

/* The parcel is opened; `ahead` is what was found before its turn, if
 * anything.  `state` moves forward on ERR_OK only.  ERR_CONFLICT: the state
 * digest is not the signed one.  Not yet synced (kv_sync). */
MUST_CHECK enum err apply_batch(struct store *store, struct stream_state *state,
    const struct parcel *parcel, const struct replaced *ahead, struct why *why);

/* What we hold is not what was signed; only the flag changes. */
MUST_CHECK enum err apply_mark_diverged(
    struct store *store, struct stream_state *state, struct why *why);

#endif
