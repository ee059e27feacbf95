/*
 * replaced: what a parcel's rows take the place of in the store, added up.
 *
 * It may be looked for before the parcel's turn, while batches before it are
 * applied.  If one of them changed such a row meanwhile the sum is not the
 * right one any more, and the state digest that the hub signed says so: then
 * it is looked for again.  So nobody has to know who changed what.
 * Any thread.
 */
#ifndef NODE_REPLACED_H
#define NODE_REPLACED_H

#include "node/parcel.h"
#include "node/store.h"

struct replaced {
	bool is_known;
	struct setsum sum; /* of the elements */
};

/* Of an opened parcel, as the store is now.  ERR_CONFLICT: a row there is not
 * what the hub signed. */
MUST_CHECK enum err replaced_find(struct store *store,
    const struct parcel *parcel, struct replaced *replaced, struct why *why);

#endif
