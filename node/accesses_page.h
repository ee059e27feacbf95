/*
 * accesses_page: GET /v1/accesses, who saw the data of whom the certificate
 * is.
 */
#ifndef NODE_ACCESSES_PAGE_H
#define NODE_ACCESSES_PAGE_H

#include "wire/http.h"

/* The context is a struct node; the asker is a member. */
void accesses_on_page(struct http_exchange *exchange, void *context);

#endif
