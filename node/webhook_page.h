/*
 * webhook_page: /v1/webhook and dead letters.
 */
#ifndef NODE_WEBHOOK_PAGE_H
#define NODE_WEBHOOK_PAGE_H

#include "wire/http.h"

void webhook_on_put(struct http_exchange *exchange, void *context);
void webhook_on_get(struct http_exchange *exchange, void *context);
void webhook_on_delete(struct http_exchange *exchange, void *context);
void webhook_on_dead(struct http_exchange *exchange, void *context);
void webhook_on_redeliver(struct http_exchange *exchange, void *context);

#endif
