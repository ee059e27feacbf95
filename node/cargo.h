/*
 * cargo: a batch that a department left at a sandbox's node, come up piece by
 * piece and merged when it is whole.
 *
 * In memory, one at a time: after a restart it comes up again, and finds its
 * rows unchanged.
 */
#ifndef NODE_CARGO_H
#define NODE_CARGO_H

#include "base/cert.h"
#include "credit/catalog.h"
#include "node/origin.h"
#include "wire/pack.h"

#define CARGO_MAX (64 << 20)

struct cargo;

/* All borrowed; `receipts` signs them. */
struct cargo *cargo_new(
    struct origin *origin, const struct trust *trust, struct signer *receipts);
void cargo_free(struct cargo *cargo); /* safe on NULL */
/* Fills a reply of kind feed, which borrows until the next call. */
void cargo_take(struct cargo *cargo, const struct catalog *catalog,
    const struct upward *upward, struct reply *reply);

#endif
