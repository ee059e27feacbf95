/*
 * consents: given and revoked at this node by its members and subjects.
 *
 * Handlers of POST /v1/consents, GET and DELETE /v1/consents/{id} and POST
 * …/pause and …/resume; the context is a struct node.  Each is in the trail
 * before it is taken; an order holds here from the moment it is on disk.
 * Threads: http workers.
 */
#ifndef NODE_CONSENTS_H
#define NODE_CONSENTS_H

#include "wire/http.h"

void consents_on_post(struct http_exchange *exchange, void *context);
void consents_on_get(struct http_exchange *exchange, void *context);
void consents_on_delete(struct http_exchange *exchange, void *context);
void consents_on_pause(struct http_exchange *exchange, void *context);
void consents_on_resume(struct http_exchange *exchange, void *context);

#endif
