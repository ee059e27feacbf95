/*
 * shelf: images of this node's own streams, for its children.
 *
 * One is made when a child asks for it and none reaches far enough: from one
 * snapshot of the store, on a thread of its own, into FOLDER/snapshots.  A
 * newer one of the same stream ends it, or its age.  A stream whose records
 * turn out not to be what the hub signed gets none, and is doubted.
 */
#ifndef NODE_SHELF_H
#define NODE_SHELF_H

#include "node/room.h"
#include "node/store.h"
#include "wire/image.h"

struct shelf_settings {
	struct store *store;
	const struct room *room; /* when it is short none is made */
	int64_t keep_us;         /* how long an image is kept */
	/* What we hold of the stream is not what was signed.  On the shelf's
	 * thread. */
	void (*doubt)(void *context, const char *stream);
	void *context;
};

struct shelf;

/* NULL and `why` on failure. */
struct shelf *shelf_open(
    const struct shelf_settings *settings, struct why *why);
void shelf_stop(struct shelf *shelf);
void shelf_free(struct shelf *shelf); /* after shelf_stop; safe on NULL */

struct shelf_wish {
	const char *stream;
	uint64_t position; /* exactly this one; 0: any that … */
	uint64_t least;    /* … is at this position or behind, and reaches the
			      sealed log */
};
/* The image, borrowed until the next call.  ERR_BUSY: it is being made.
 * ERR_MISSING: it is not held.  One thread. */
MUST_CHECK enum err shelf_find(
    struct shelf *shelf, const struct shelf_wish *wish, struct image **image);

#endif
