/*
 * detour: stream 0000 over HTTPS while the parent cannot be reached.
 *
 * Whoever was away for a whole roll of its parent's CURVE key knows no key that
 * the parent has, and stream 0000, which tells of the new one, comes from the
 * parent.  So it is asked of others too: of `parent_url`, and of the platforms
 * of the list.  Nobody is believed: what comes is sealed by the hub and takes
 * the way of every batch; who answers can withhold and no more.
 * detour_on_link, detour_tick: bus thread; a thread of its own does the rest.
 */
#ifndef NODE_DETOUR_H
#define NODE_DETOUR_H

#include "base/shared.h"
#include "node/follow.h"
#include "node/store.h"
#include "wire/http.h"
#include "wire/keyring.h"

struct detour;

struct detour_settings {
	const char *cert, *key, *ca; /* for the others, PEM files */
	const char *url;             /* asked first; "": none */
	struct store *store;
	struct shared *world; /* struct world */
	struct keyring *keys;
	struct follow *follow; /* gets what comes */
};

/* Settings are borrowed.  NULL and `why` on failure. */
struct detour *detour_open(
    const struct detour_settings *settings, struct why *why);
/* When the bus calls no more.  Safe on NULL. */
void detour_close(struct detour *detour);
void detour_on_link(struct detour *detour, bool connected);
/* Often: it is time to ask when the link has been missing for ten seconds. */
void detour_tick(struct detour *detour);

/* GET /v1/control, to platforms: the other side. */
void detour_on_get(struct http_exchange *exchange, void *context);

#endif
