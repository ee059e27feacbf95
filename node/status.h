/*
 * status: what a node tells its parent of itself every 2 s.
 *
 * Thread: follow.
 */
#ifndef NODE_STATUS_H
#define NODE_STATUS_H

#include "base/sign.h"
#include "node/parent.h"
#include "node/trail.h"
#include "wire/pack.h"

struct status_source {
	struct parent *parent;
	const struct trail *trail; /* NULL: no trail */
	struct signer *signer;
	const char *own_code, *parent_name;
	const struct condition *condition; /* NULL: not told */
};

/* Append a packed, signed Upward. */
MUST_CHECK enum err status_pack(
    const struct status_source *source, uint64_t sequence, struct buf *upward);

#endif
