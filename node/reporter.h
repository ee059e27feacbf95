/*
 * reporter: tells the hub what the trail holds, entry by entry and without
 * subjects, and brings back what the hub says of its checkpoints.
 *
 * The trail is the only store: nothing is queued, and where to go on is what
 * the hub says it has.  So a node that was cut off for a day, lost its store or
 * hears the same answer twice tells everything, and the hub counts it once.
 * Thread: follow.
 */
#ifndef NODE_REPORTER_H
#define NODE_REPORTER_H

#include "node/parent.h"
#include "node/trail.h"

struct reporter_settings {
	struct trail *trail;
	const uint8_t *witness_key; /* the hub's; NULL: it is no witness */
	struct parent *parent;
	struct signer *signer;
	const char *own_code;
};

struct reporter;

struct reporter *reporter_new(const struct reporter_settings *settings);
void reporter_free(struct reporter *reporter); /* safe on NULL */
/* Send what is due, `sequence` for a message of ours. */
void reporter_tick(struct reporter *reporter, uint64_t sequence);
/* Was the reply for the reporter? */
bool reporter_on_reply(struct reporter *reporter, const struct reply *reply);

#endif
