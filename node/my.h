/*
 * my: the enterprise's page, and what it asks first.
 *
 * Handlers of GET /, /my/…, /entry/…, /base/…, /v1/me, /v1/members and
 * /v1/catalogue; the context is a struct node, the asker a member.  Threads:
 * http workers.
 */
#ifndef NODE_MY_H
#define NODE_MY_H

#include "wire/http.h"

void my_on_root(struct http_exchange *exchange, void *context);
void my_on_page(struct http_exchange *exchange, void *context);
/* The page that shows an entry of the trail. */
void my_on_entry(struct http_exchange *exchange, void *context);
/* What all pages share. */
void my_on_base(struct http_exchange *exchange, void *context);
/* The caller and this node; of a door, the holder that answers for it. */
void my_on_me(struct http_exchange *exchange, void *context);
/* Institutions and platforms that are active: code, name, kind. */
void my_on_members(struct http_exchange *exchange, void *context);
/* The catalogue in force, without its signature. */
void my_on_catalogue(struct http_exchange *exchange, void *context);

#endif
