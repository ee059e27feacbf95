/*
 * door: what a county's platform, which holds no enterprises, says of itself.
 *
 * Reports and enterprises go on to their holder (node/elsewhere.h); what is
 * counted, searched or watched among the enterprises that a node holds is
 * refused, since nothing held would be told as nothing there.
 * Any thread that may reply.
 */
#ifndef NODE_DOOR_H
#define NODE_DOOR_H

#include "node/node.h"
#include "node/world.h"
#include "wire/http.h"

/* The nearest platform above that can be reached and holds something; NULL:
 * there is none, or this node is no door. */
const struct member *door_holder(const struct world *world);
/* False: this node is a door, and that was replied (404 `door`).  Who is no
 * active member is left to be refused as everywhere. */
bool door_admit(struct http_exchange *exchange, struct node *node);

#endif
