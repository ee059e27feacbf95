/*
 * pull: rows of departments' exchange databases (前置库), fetched by the hub.
 *
 * Nothing is pulled twice or passed over (hub/place.h, hub/frontdb.h).  A
 * database that is away is asked again, ever less often, and nobody else
 * waits for it.
 * Threads: one a source.
 */
#ifndef HUB_PULL_H
#define HUB_PULL_H

#include "hub/hub.h"

struct pull;

/* Begins to pull from the sources in settings.exchange; `hub` is borrowed.
 * NULL and `why` when the file cannot be read, or by others too: it may hold
 * passwords.  A database that is away is no failure. */
struct pull *pull_open(struct hub *hub, const char *conninfo, struct why *why);
/* Takes no more; before ingest_close.  Safe on NULL. */
void pull_stop(struct pull *pull);
/* After ingest_close.  Safe on NULL. */
void pull_free(struct pull *pull);
/* {"sources":[…]} of `department`, or of all when NULL; no secrets.  Any
 * thread; fine with NULL: none. */
void pull_print(struct pull *pull, const char *department, struct buf *out);

#endif
