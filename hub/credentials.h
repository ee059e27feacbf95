/*
 * credentials: the keys that others know this hub by, and those it trusts.
 */
#ifndef HUB_CREDENTIALS_H
#define HUB_CREDENTIALS_H

#include "hub/hub.h"

/* Reads network.json and the keys that belong to it, and opens the journal,
 * which owns the last of them.  ERR_CRYPTO: a key is not
 * the one that the others know. */
MUST_CHECK enum err credentials_open(struct hub *hub, struct why *why);
void credentials_close(struct hub *hub); /* the journal goes earlier */

#endif
