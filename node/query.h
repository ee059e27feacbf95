/*
 * query: one question from one member about one subject.
 *
 * Handlers of POST /v1/reports and GET /v1/enterprises/{uscc}; the context is
 * a struct node.  Threads: http workers.
 */
#ifndef NODE_QUERY_H
#define NODE_QUERY_H

#include "wire/http.h"

void query_on_report(struct http_exchange *exchange, void *context);
void query_on_enterprise(struct http_exchange *exchange, void *context);

#endif
