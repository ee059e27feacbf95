/*
 * keys: what stream 0000 says of the hub's keys.
 */
#ifndef NODE_KEYS_H
#define NODE_KEYS_H

#include "node/store.h"
#include "wire/keyring.h"

/* Everything that the store holds of batch keys, into the ring.  What cannot
 * be understood is left out and logged. */
void keys_learn(struct keyring *keyring, struct snapshot *snapshot);
/* unpack_pulse with any key that is not retired. */
MUST_CHECK enum err keys_unpack_pulse(struct keyring *keyring,
    struct span packed, struct arena *arena, struct pulse *pulse);

#endif
