/*
 * consent_list: GET /v1/consents, all that the certificate's organisation gave.
 */
#ifndef NODE_CONSENT_LIST_H
#define NODE_CONSENT_LIST_H

#include "wire/http.h"

/* The context is a struct node; the asker is a member. */
void consent_list_on_get(struct http_exchange *exchange, void *context);

#endif
