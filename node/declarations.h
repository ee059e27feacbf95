/*
 * declarations: what subjects say here beside records that they have objected
 * to.
 *
 * In the trail and on this node's disk before it is answered; what counts is
 * what stream 0000 says.
 */
#ifndef NODE_DECLARATIONS_H
#define NODE_DECLARATIONS_H

#include "wire/http.h"

/* PUT /v1/objections/{id}/statement; context: the node. */
void declarations_on_put(struct http_exchange *exchange, void *context);

#endif
