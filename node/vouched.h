/*
 * vouched: questions that another node asks in a member's name.
 *
 * POST /v1/vouched; the context is a struct node.  Nothing is answered before
 * the other's word holds, and each word counts once; words that do not hold
 * are in the trail too.  Threads: http workers.
 */
#ifndef NODE_VOUCHED_H
#define NODE_VOUCHED_H

#include "wire/http.h"

#define VOUCHED_BODY (32 << 10)

void vouched_on_post(struct http_exchange *exchange, void *context);

#endif
