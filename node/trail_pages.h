/*
 * trail_pages: the trail over HTTP: public tiles and checkpoint, and entries
 * for those whom they concern.
 *
 * The context is a struct node; the trail thread reads the files.
 */
#ifndef NODE_TRAIL_PAGES_H
#define NODE_TRAIL_PAGES_H

#include "wire/http.h"

void trail_on_checkpoint(struct http_exchange *exchange, void *context);
void trail_on_witnessed(struct http_exchange *exchange, void *context);
void trail_on_receipt(struct http_exchange *exchange, void *context);
void trail_on_tile(struct http_exchange *exchange, void *context);
void trail_on_entry_page(struct http_exchange *exchange, void *context);

#endif
