/*
 * adopt: an image that waits whole beside the store becomes what this node
 * holds of the stream.
 *
 * Readers see the old records or the new ones, never both.  Of stream 0000 the
 * index of members and consents follows; until it is complete the stream's
 * state says `half`, and nobody may rely on a consent.  A crash at any
 * instruction is repaired by doing it again (adopt_waiting).
 * Thread: follow.
 */
#ifndef NODE_ADOPT_H
#define NODE_ADOPT_H

#include "node/control.h"
#include "node/store.h"

/* `state` is the stream's, and its new one on ERR_OK.  ERR_MISSING: no whole
 * image waits.  ERR_SEEN: it does not follow on from `state`; it is removed.
 * `each` (may be NULL) is told of every consent that came with stream 0000. */
MUST_CHECK enum err adopt_image(struct store *store, struct stream_state *state,
    control_consent_fn each, void *context, struct why *why);
/* At start: everything that waits. */
MUST_CHECK enum err adopt_waiting(struct store *store, struct why *why);

#endif
