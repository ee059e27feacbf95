/*
 * redial: which key the parent is expected to have.
 *
 * A parent that rolls its CURVE key serves with one key at a time.  Who cannot
 * reach it tries the keys that stream 0000 (or network.json) says it has, one
 * after the other.  The key that worked last, and whose it is, are kept in a
 * file, for the next start and for when nobody tells of that key any more; a
 * changed setting outweighs the file.  A retired key is not tried.
 * All calls but redial_new and redial_free on the bus thread.
 */
#ifndef NODE_REDIAL_H
#define NODE_REDIAL_H

#include "base/shared.h"
#include "wire/network.h"

struct redial_settings {
	const char *folder;     /* of the file */
	const char *parent_key; /* as the operator set it */
	const struct network *network;
	struct shared *world; /* struct world */
};

struct redial;

/* Settings are borrowed. */
struct redial *redial_new(const struct redial_settings *settings);
void redial_free(struct redial *redial); /* safe on NULL */
/* What to begin with. */
const char *redial_key(const struct redial *redial);
void redial_on_link(struct redial *redial, bool connected);
/* Often: it is time for another key when nobody answers. */
void redial_tick(struct redial *redial, struct bus *bus);

#endif
