/*
 * relay: this node as the parent of others.
 *
 * Only keys of active platforms on the member list get in, and each request
 * is checked again.  Children get the very bytes that the hub signed.
 * A thread of its own reads the sealed log, so that a child that catches up
 * does not hold up what this node follows.
 */
#ifndef NODE_RELAY_H
#define NODE_RELAY_H

#include "base/shared.h"
#include "node/follow.h"
#include "node/store.h"
#include "wire/bus.h"

struct relay_settings {
	struct store *store;
	struct shared *world;
	struct follow *follow;
	struct room *room;
	const char *own_code;
	int64_t snapshot_us; /* how long an image is kept */
};

struct relay;

/* NULL and `why` on failure. */
struct relay *relay_new(const struct relay_settings *settings, struct why *why);
/* From now on requests are answered. */
void relay_attach(struct relay *relay, struct bus *bus);
/* Ends its threads; the bus may still call. */
void relay_stop(struct relay *relay);
void relay_free(struct relay *relay); /* after relay_stop; safe on NULL */

/* For the bus: any thread. */
bool relay_may_enter(struct relay *relay, const char *public_key,
    char code[MEMBER_CODE_MAX + 1]);
bool relay_may_hear(
    struct relay *relay, const char *code, const char *topic_prefix);
void relay_on_request(
    struct relay *relay, const struct bus_route *from, struct span message);

#endif
