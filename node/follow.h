/*
 * follow: what the parent sends becomes what this node holds.
 *
 * One thread, the store's only writer: verify, apply, publish to children,
 * ask for what is missing.  A batch that does not continue our chain, does
 * not verify, or ends in another state digest than the signed one is refused.
 */
#ifndef NODE_FOLLOW_H
#define NODE_FOLLOW_H

#include "base/shared.h"
#include "node/courier.h"
#include "node/store.h"
#include "node/trail.h"
#include "wire/bus.h"

struct follow_settings {
	struct store *store;
	struct shared *world;      /* struct world; replaced here */
	struct shared *lease;      /* struct lease; replaced here */
	const struct trail *trail; /* for the status; may be NULL */
	struct signer *signer;     /* of upward messages; used here only */
	const char *own_code;
	const char *parent_name;                  /* for the status */
	const uint8_t *batch_key, *catalogue_key; /* 32 bytes raw */
	int64_t lease_us;
	bool serves; /* publish to children */
};

struct follow;

/* Reads the world and starts the thread.  NULL and `why` on failure. */
struct follow *follow_open(
    const struct follow_settings *settings, struct why *why);
/* Begin to talk, from the follow thread on. */
void follow_attach(struct follow *follow, struct bus *bus);
/* Ends the thread; the bus may still call. */
void follow_stop(struct follow *follow);
void follow_free(struct follow *follow); /* after follow_stop; safe on NULL */

/* Any thread; bytes are copied. */
void follow_on_live(struct follow *follow, struct span message);
void follow_on_reply(struct follow *follow, struct span message);
void follow_on_link(struct follow *follow);
/* Takes over the letter; its `done` is always called. */
void follow_carry(struct follow *follow, struct letter *letter);
/* A child's status: passed on once, not kept. */
void follow_pass_on(struct follow *follow, struct span upward);

#endif
