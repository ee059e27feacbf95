/*
 * events_page: GET /v1/events, once or as a stream that goes on.
 */
#ifndef NODE_EVENTS_PAGE_H
#define NODE_EVENTS_PAGE_H

#include "wire/http.h"

void events_on_get(struct http_exchange *exchange, void *context);

#endif
