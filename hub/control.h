/*
 * control: catalogue, members and consents become records of stream 0000.
 *
 * Changes that come together share one transaction, a round: each is refused
 * by itself, and all that were not are in the ledger when the round has ended,
 * or none.
 * One thread at a time may change control records: the desk.
 */
#ifndef HUB_CONTROL_H
#define HUB_CONTROL_H

#include "base/cert.h"
#include "base/sign.h"
#include "credit/order.h"
#include "credit/takeover.h"
#include "hub/ledger.h"

#define CONTROL_ROUND_MAX 256 /* changes in one round */

struct control_round;

struct control_key {
	const char *subject; /* CONTROL_KEY_… */
	struct span key, document;
	bool retired;
};

/* Begins the ledger's transaction. */
struct control_round *control_round_begin(struct ledger *ledger);
/* Commits; the round is gone.  An error: nothing of it is in the ledger, be it
 * for the sake of one change. */
MUST_CHECK enum err control_round_end(
    struct control_round *round, struct why *why);
/* The connection, for reads and writes in the round's transaction. */
struct pg *control_round_pg(struct control_round *round);

/* To stage other records in the same round, beside one change at least; their
 * lines are above CONTROL_ROUND_MAX. */
struct ledger *control_round_ledger(struct control_round *round);

/* Of the changes below ERR_BUSY says that the round is full or has changed the
 * same record already: it belongs into the next round.  Any other error: it is
 * refused and not part of the round. */

/* Admit or change the member; the same document again changes nothing.
 * ERR_CONFLICT: the platform list has another for it (platforms.h). */
MUST_CHECK enum err control_put_member(
    struct control_round *round, const struct member *member, struct why *why);
/* Platform `code` takes divisions over; both documents change.  `both`: the
 * predecessor and the successor as they are then.  ERR_MISSING: one is not on
 * the list; ERR_CONFLICT: it cannot be (takeover.h, platforms.h). */
MUST_CHECK enum err control_take_over(struct control_round *round,
    const struct takeover *takeover, const char *code, struct member both[2],
    struct why *why);
/* A consent's JWS.  The same document again is fine; another one with the
 * same id is ERR_CONFLICT. */
MUST_CHECK enum err control_register(struct control_round *round,
    const struct trust *trust, struct span jws, struct why *why);
/* The JWS of an order by the consent's subject.  One that is not newer than
 * the last, or of a consent that is revoked, is fine and changes nothing. */
MUST_CHECK enum err control_order(struct control_round *round,
    const struct trust *trust, struct span jws, struct why *why);
/* The same that node `node` was told by certificate. */
MUST_CHECK enum err control_order_at(struct control_round *round,
    const char *node, const struct order *order, struct why *why);

/* Does the round have room for it? */
bool control_round_takes_objection(
    const struct control_round *round, struct span id);
/* How an objection stands: the record's document. */
MUST_CHECK enum err control_put_objection(struct control_round *round,
    struct span subject, struct span id, struct span document, struct why *why);

/* A key of the hub that is used or, with `retired`, is no more. */
MUST_CHECK enum err control_put_key(struct control_round *round,
    const struct control_key *key, struct why *why);

/* A round of its own each. */
MUST_CHECK enum err control_admit(
    struct ledger *ledger, const struct member *member, struct why *why);
/* ERR_INVALID: signature or content.  ERR_CONFLICT: not newer than ours. */
MUST_CHECK enum err control_put_catalogue(struct ledger *ledger,
    const struct verifier *verifier, struct span jws, struct why *why);

#endif
