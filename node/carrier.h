/*
 * carrier: takes the batches of local departments up to the hub, piece by
 * piece, and brings the hub's answers back.
 *
 * Relays pass pieces and answers on and keep nothing: what the hub holds it
 * says itself, so a cut of a day costs nothing but the day.
 * Thread: follow.
 */
#ifndef NODE_CARRIER_H
#define NODE_CARRIER_H

#include "base/sign.h"
#include "node/parent.h"

struct carrier_settings {
	const char *folder; /* of freight.h; all is borrowed */
	struct parent *parent;
	struct signer *signer; /* of this node's upward messages */
	const char *own_code;
};

struct carrier;

struct carrier *carrier_new(const struct carrier_settings *settings);
void carrier_free(struct carrier *carrier); /* safe on NULL */
/* There is a new batch in the folder. */
void carrier_wake(struct carrier *carrier);
/* Send what is due; `sequence`: of the message, if there is one. */
void carrier_tick(struct carrier *carrier, uint64_t sequence);
/* Was the reply for a piece of ours? */
bool carrier_on_reply(struct carrier *carrier, const struct reply *reply);

#endif
