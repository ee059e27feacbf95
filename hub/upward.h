/*
 * upward: what a node tells the hub: consents, revocations, its status.
 *
 * The origin's signature is checked here, so that a relay can withhold a
 * message but not invent one.
 */
#ifndef HUB_UPWARD_H
#define HUB_UPWARD_H

#include "base/cert.h"
#include "hub/control.h"
#include "hub/freight.h"
#include "hub/members.h"
#include "hub/objection.h"
#include "hub/witness.h"

struct upward_turn {
	const struct members *members;
	const struct trust *trust;
	struct objection_desk objections;
	bool is_usage; /* what came of a piece of a trail: … */
	struct counted counted;
	bool is_feed; /* what came of a local feed: … */
	struct freight *freight;
};

/* ERR_OK: part of the round (or a harmless repeat), `taken` may be said when
 * that has ended well.  ERR_BUSY: it belongs into the next round. */
MUST_CHECK enum err upward_take(struct control_round *round,
    struct upward_turn *turn, struct span message, struct why *why);
/* {"nodes":[…]}: the last status of each, with the names of `members`. */
MUST_CHECK enum err upward_print_nodes(
    struct pg *pg, const struct members *members, struct buf *out);

#endif
