/*
 * watches_page: /v1/watches, what members want to be told of.
 */
#ifndef NODE_WATCHES_PAGE_H
#define NODE_WATCHES_PAGE_H

#include "wire/http.h"

struct node;

/* Institutions watch; who is none gets its refusal. */
bool watches_admit(struct http_exchange *exchange, struct node *node);
void watches_on_post(struct http_exchange *exchange, void *context);
void watches_on_list(struct http_exchange *exchange, void *context);
void watches_on_get(struct http_exchange *exchange, void *context);
void watches_on_delete(struct http_exchange *exchange, void *context);

#endif
