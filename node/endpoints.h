/*
 * endpoints: the node's HTTP paths; the context is a struct node.
 */
#ifndef NODE_ENDPOINTS_H
#define NODE_ENDPOINTS_H

#include "wire/http.h"

/* Ends with a NULL method. */
extern const struct http_route node_endpoints[];

#endif
