/*
 * world: what stream 0000 says of the network: catalogue and member list.
 *
 * Made anew from the store when one of them changes, swapped in whole
 * (base/shared.h) and never changed.  A catalogue counts only with the
 * operator's signature.  Any thread may read.
 */
#ifndef NODE_WORLD_H
#define NODE_WORLD_H

#include "base/sign.h"
#include "credit/catalog.h"
#include "credit/member.h"
#include "node/store.h"
#include "wire/bus.h"

struct world_key {
	char key[BUS_KEY_LEN + 1];
	bool retired;
};

struct world {
	struct catalog *catalog; /* NULL before the first one */
	struct member *members;  /* ascending by code */
	size_t member_count;
	struct world_key *hub_keys; /* CURVE; none before the first roll */
	size_t hub_key_count;
	const struct member *self; /* NULL: not (or not yet) on the list */
};

/* NULL and `why` when the store fails; what cannot be understood is left
 * out and logged. */
struct world *world_read(struct snapshot *snapshot,
    const struct verifier *catalogue_key, const char *own_code,
    struct why *why);
void world_free(void *world); /* for shared_new */
const struct member *world_find(const struct world *world, const char *code);
/* Is the stream this node's own? */
bool world_holds(const struct world *world, const char *stream);
/* The active platform with this CURVE key; NULL when there is none. */
const struct member *world_find_platform(
    const struct world *world, const char *curve_key);

#endif
