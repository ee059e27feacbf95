/*
 * census: the population of this node, counted anew when its records changed.
 *
 * A scan of the store takes seconds on a large node, so it runs on a thread of
 * its own, on a snapshot; answers use the newest finished one, and all answers
 * about one census agree.  It is not taken anew more often than the catalogue
 * says, but at once when the catalogue changes and when the node has grown by a
 * tenth: who may look every second sees single enterprises come and go.
 */
#ifndef NODE_CENSUS_H
#define NODE_CENSUS_H

#include "base/digest.h"
#include "base/shared.h"
#include "credit/recode.h"
#include "node/store.h"
#include "node/world.h"

/* One count; never changed.  There were too many to count: without population
 * and recode, digest and time. */
struct census {
	struct shared *worlds;
	const struct world *world;     /* held: its catalogue's rules */
	const struct mask *mask;       /* of that catalogue */
	struct population *population; /* NULL: too many */
	struct recode *recode;
	struct digest digest; /* of what was counted by which rules */
	int64_t time_us;      /* the hub's, when it was begun */
};
void census_free(void *census); /* for shared_new */

struct census_settings {
	struct store *store;
	struct shared *world;    /* struct world */
	struct shared *lease;    /* struct lease: what day it is */
	struct shared *censuses; /* struct census; replaced here */
	uint64_t bytes;          /* memory that one may take; 0: none */
};

struct census_taker;

/* Begins its thread. */
struct census_taker *census_taker_new(const struct census_settings *settings);
/* A count that runs is given up.  Safe on NULL. */
void census_taker_free(struct census_taker *taker);

#endif
