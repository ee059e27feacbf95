/*
 * papers: GET /v1/objections/{id}/papers/{kind}, the standard documents of a
 * subject's objections.
 *
 * HTML and PDF are signed by the node as its reports are.
 * Threads: http workers.
 */
#ifndef NODE_PAPERS_H
#define NODE_PAPERS_H

#include "wire/http.h"

/* The context is a struct node. */
void papers_on_get(struct http_exchange *exchange, void *context);

#endif
