/*
 * feeds: batches that local departments hand in here, for the hub.
 *
 * Taken with 202 when bytes and signed manifest are on disk; from then on it
 * is the carrier's.  What became of it is asked here, too.
 */
#ifndef NODE_FEEDS_H
#define NODE_FEEDS_H

#include "wire/http.h"

bool feeds_on_open(struct http_exchange *exchange, void *context);
void feeds_on_chunk(
    struct http_exchange *exchange, struct span piece, void *context);
void feeds_on_close(struct http_exchange *exchange, bool cut, void *context);
void feeds_on_get(struct http_exchange *exchange, void *context);

#endif
