/*
 * courier: carries consents, revocations and objections up to the parent and
 * tells who waits for them.
 *
 * A letter is on disk before anybody is told that it was taken, and stays
 * there until the parent has it on its own disk.
 * Thread: follow.
 */
#ifndef NODE_COURIER_H
#define NODE_COURIER_H

#include "base/sign.h"
#include "credit/consent.h"
#include "node/parent.h"
#include "node/store.h"

enum courier_outcome {
	COURIER_KEPT,    /* on disk here */
	COURIER_ACTIVE,  /* back on stream 0000 */
	COURIER_REVOKED, /* back on stream 0000, as revoked */
	COURIER_PENDING, /* on disk here, not back within 5 s */
	COURIER_REFUSED, /* the hub does not take it */
	COURIER_FAILED   /* not on disk: not taken */
};

typedef void (*courier_done_fn)(void *context, enum courier_outcome outcome);

struct letter {
	/* Consent: `done` when it is back.  Others: when it is on disk. */
	enum upward_kind kind;
	/* Of a consent its id and subject; of a statement those of its
	 * objection, and its time. */
	struct order order;
	struct buf document; /* a JWS; or a child's message if `is_packed` */
	struct buf claims;   /* of an objection or statement */
	bool is_vouched; /* objection or statement: `document` is its claims,
			  * by certificate */
	bool is_packed;
	courier_done_fn done; /* exactly once, on the follow thread */
	void *context;
};
void letter_free(struct letter *letter); /* safe on NULL */

struct courier_settings {
	struct store *store;
	struct parent *parent;
	struct signer *signer; /* of this node's upward messages */
	const char *own_code;
};

struct courier;

/* NULL and `why` when the store fails. */
struct courier *courier_new(
    const struct courier_settings *settings, struct why *why);
/* Whoever waits is told COURIER_PENDING.  Safe on NULL. */
void courier_free(struct courier *courier);
/* Takes over the letter. */
void courier_take(struct courier *courier, struct letter *letter);
/* Was the reply for an upward message of ours? */
bool courier_on_reply(struct courier *courier, const struct reply *reply);
/* Stream 0000 brought this consent.  Who waits for another one with the same
 * id is refused. */
void courier_on_consent(
    struct courier *courier, struct span id, struct span jws, bool revoked);
/* Send what waits, again if need be; tell those who waited long enough. */
void courier_tick(struct courier *courier);
/* Larger than every one before, also after a restart. */
uint64_t courier_next_sequence(struct courier *courier);

#endif
