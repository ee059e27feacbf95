/*
 * readers: GET /v1/objections/{id}/readers, which institutions saw the records
 * that an objection is about, out of this node's trail.
 *
 * For the subject, which can tell them that they read something wrong.
 * Threads: http workers; filled on the thread of the accesses.
 */
#ifndef NODE_READERS_H
#define NODE_READERS_H

#include "wire/http.h"

void readers_on_get(struct http_exchange *exchange, void *context);

#endif
