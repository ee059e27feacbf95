/*
 * hooks: members' servers are called with their events (webhooks).
 *
 * One delivery of a member at a time, in order, each a page that the permit
 * decides on and the trail has before it leaves; signed with the member's
 * secret (Standard Webhooks).  What is not taken is tried again, later and
 * later, and at last put onto a list of dead letters.  How far it is survives
 * a kill: a page whose answer was lost is brought again.
 * Everything happens on the watch thread but the requests themselves.
 */
#ifndef NODE_HOOKS_H
#define NODE_HOOKS_H

#include "node/node.h"

struct hooks;

struct hooks_settings {
	struct node *node; /* with its lookout */
	const char *ca;    /* PEM: who may answer; "": the system's roots */
	bool private;      /* servers with private addresses, too */
	unsigned attempts; /* then a page is dead */
};

/* NULL and `why` on failure. */
struct hooks *hooks_open(
    const struct hooks_settings *settings, struct why *why);
/* Nothing is sent any more; before the lookout and the trail are closed.  Safe
 * on NULL. */
void hooks_stop(struct hooks *hooks);
/* After the lookout was closed. */
void hooks_close(struct hooks *hooks);

/* On the watch thread: the member's hook is another one, or none, or dead
 * letters are to be brought again. */
void hooks_renew(struct hooks *hooks, const char *member);

#endif
