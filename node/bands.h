/*
 * bands: GET /v1/bands, a subject's own row as screenings show it to others.
 *
 * Of the newest census, in which it is described as to everybody.
 * Threads: http workers.
 */
#ifndef NODE_BANDS_H
#define NODE_BANDS_H

#include "wire/http.h"

/* The context is a struct node. */
void bands_on_get(struct http_exchange *exchange, void *context);

#endif
