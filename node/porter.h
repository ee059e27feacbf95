/*
 * porter: takes the materials of objections up to the hub, piece by piece.
 *
 * Beside the outbox, so that a file of megabytes holds up no revocation.
 * Relays pass pieces on and keep nothing.  The hub takes the same piece twice
 * without harm, so after a start a file begins again.
 * Thread: follow.
 */
#ifndef NODE_PORTER_H
#define NODE_PORTER_H

#include "base/sign.h"
#include "node/parent.h"

struct porter_settings {
	const char *folder; /* of materials.h; all is borrowed */
	struct parent *parent;
	struct signer *signer; /* of this node's upward messages */
	const char *own_code;
};

struct porter;

struct porter *porter_new(const struct porter_settings *settings);
void porter_free(struct porter *porter); /* safe on NULL */
/* Send what is due; `sequence`: of the message, if there is one. */
void porter_tick(struct porter *porter, uint64_t sequence);
/* Was the reply for a piece of ours? */
bool porter_on_reply(struct porter *porter, const struct reply *reply);

#endif
