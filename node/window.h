/*
 * window: sealed batches of one stream, as whoever is behind gets them.
 *
 * What it reads from the store is one snapshot's.  Any thread.
 */
#ifndef NODE_WINDOW_H
#define NODE_WINDOW_H

#include "node/store.h"
#include "wire/pack.h"

/* What is behind `request->after`, up to its credits and 8 MiB: `batches`, or
 * `too_old`; an error is logged.  `reply` borrows from `arena`. */
MUST_CHECK enum err window_read(struct store *store,
    const struct request *request, struct arena *arena, struct reply *reply);
/* The position that a reply's batches claim to reach, 0: none; whether they do
 * is seen when they are applied. */
uint64_t window_claimed(const struct reply *reply);

#endif
