/*
 * query: one question from one member about one subject.
 *
 * Handlers of POST /v1/reports and GET /v1/enterprises/{uscc}; the context is
 * a struct node.  What is not held here is asked elsewhere, unless it comes
 * from elsewhere.  Threads: http workers.
 */
#ifndef NODE_QUERY_H
#define NODE_QUERY_H

#include "credit/vouch.h"
#include "wire/http.h"

void query_on_report(struct http_exchange *exchange, void *context);
void query_on_enterprise(struct http_exchange *exchange, void *context);
/* The same question, of the member that another node vouches for; its word
 * holds. */
void query_on_vouched(struct http_exchange *exchange, void *context,
    const struct vouch *vouch, struct span json);

#endif
