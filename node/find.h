/*
 * find: which enterprises a member means.
 *
 * Handler of GET /v1/enterprises; the context is a struct node.  Public fields
 * of registrations, under a permit and in the trail like any other answer.
 * Threads: http workers and one that looks.
 */
#ifndef NODE_FIND_H
#define NODE_FIND_H

#include "wire/http.h"

struct find_desk;

/* Begins its thread. */
struct find_desk *find_desk_new(void);
void find_desk_free(struct find_desk *desk); /* safe on NULL */
void find_on_get(struct http_exchange *exchange, void *context);

#endif
