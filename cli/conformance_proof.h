/*
 * conformance_proof: whose signatures are believed, and for how long a proof
 * is waited for.
 */
#ifndef CLI_CONFORMANCE_PROOF_H
#define CLI_CONFORMANCE_PROOF_H

#include "cli/conformance.h"
#include "cli/trail_trust.h"

struct proof {
	struct conformance *run;
	struct trail_trust trust;
	bool has_key;     /* of the node's trail */
	int64_t until_us; /* give up waiting, clock_tick_us */
	int64_t index;    /* of our question in the trail; -1: none */
	char leaf[DIGEST_HEX_LEN + 1];
};

/* A pause before another attempt; false: it is too late for one. */
bool proof_wait(const struct proof *proof);
/* 64 hex digits. */
bool proof_take_key(const char *text, uint8_t raw[32]);

/* Does the node hold what the hub holds? */
void proof_streams(struct proof *proof);
/* The checkpoints of all nodes' trails that the hub witnessed. */
void proof_platforms(struct proof *proof);

#endif
