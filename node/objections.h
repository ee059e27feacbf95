/*
 * objections: filed at this node by subjects, and how theirs stand.
 *
 * Handlers of POST and GET /v1/objections; the context is a struct node.  A
 * filing is in the trail before it is taken, and on disk before the subject is
 * told so.
 * Threads: http workers.
 */
#ifndef NODE_OBJECTIONS_H
#define NODE_OBJECTIONS_H

#include "wire/http.h"

void objections_on_post(struct http_exchange *exchange, void *context);
void objections_on_list(struct http_exchange *exchange, void *context);

#endif
