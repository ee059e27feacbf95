/*
 * accesses_all: who saw a subject's data, on all nodes of the platform list.
 *
 * POST /v1/accesses with the subject's signed wish (credit/disclosure.h); the
 * context is a struct node, the asker a member.  This node asks the others in
 * its name; those that do not answer are named.  Threads: http workers.
 */
#ifndef NODE_ACCESSES_ALL_H
#define NODE_ACCESSES_ALL_H

#include "wire/http.h"

void accesses_on_all(struct http_exchange *exchange, void *context);

#endif
