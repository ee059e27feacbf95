/*
 * accesses_vouched: who saw a subject's data here, asked through another node.
 *
 * Only with the subject's own signature over its wish: no platform's word is
 * enough.  What is told is in the trail first.  Threads: http workers.
 */
#ifndef NODE_ACCESSES_VOUCHED_H
#define NODE_ACCESSES_VOUCHED_H

#include "credit/disclosure.h"
#include "credit/vouch.h"
#include "node/node.h"
#include "wire/http.h"

/* The other node's word holds; `json` is {"proof":JWS}. */
void accesses_on_vouched(struct http_exchange *exchange, struct node *node,
    const struct vouch *vouch, struct span json);

/* Is it this subject's wish, by its certificate, and of now? */
bool accesses_check_wish(struct node *node, struct span jws,
    const char *subject, struct disclosure *disclosure);

#endif
