/*
 * clerk: takes what a sandbox's node tells upward, in place of a hub's desk.
 *
 * Consents, orders, objections, statements and batches are checked as a hub
 * checks them, by signatures and chains, before they become records of the
 * origin.  The trail is counted and its checkpoints are cosigned. Threads: the
 * origin's.
 */
#ifndef NODE_CLERK_H
#define NODE_CLERK_H

#include "base/cert.h"
#include "credit/catalog.h"
#include "node/origin.h"
#include "wire/network.h"

struct clerk;

/* All borrowed. */
struct clerk_settings {
	struct origin *origin;
	const struct trust *trust; /* the sandbox's CA */
	const struct network *network;
	struct signer *witness, *receipts;
	const struct member *node; /* whose word it takes */
};

struct clerk *clerk_new(const struct clerk_settings *settings);
void clerk_free(struct clerk *clerk); /* safe on NULL */

/* A member document, a catalogue's JWS: checked, then put; not committed. */
MUST_CHECK enum err clerk_put_member(
    struct clerk *clerk, struct span document, struct why *why);
MUST_CHECK enum err clerk_put_catalogue(
    struct clerk *clerk, struct span jws, struct why *why);
/* The newest catalogue; borrowed, NULL when there is none. */
const struct catalog *clerk_catalog(struct clerk *clerk);

/* Append the reply to a packed Upward; what it changed is committed. */
void clerk_answer(
    struct clerk *clerk, struct span upward, uint64_t ticket, struct buf *out);
/* What the made-up department has to do by now; once a second. */
void clerk_work(struct clerk *clerk);

#endif
