/*
 * door: where the hub is reached.
 */
#ifndef HUB_DOOR_H
#define HUB_DOOR_H

#include "hub/hub.h"

/* Opens HTTPS; again: new connections get the certificate that is there
 * now. */
MUST_CHECK enum err door_open(struct hub *hub, struct why *why);
/* Writes `ready_file`, if there is one: where everything listens, with the
 * real ports. */
MUST_CHECK enum err door_announce(struct hub *hub, struct why *why);

#endif
