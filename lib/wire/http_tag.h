/*
 * http_tag: answers that say when they are what the client has already.
 */
#ifndef WIRE_HTTP_TAG_H
#define WIRE_HTTP_TAG_H

#include "wire/http.h"

/* http_reply with 200 and an ETag of the bytes; or with 304 and nothing, when
 * If-None-Match names it. */
void http_tag_reply(
    struct http_exchange *exchange, const char *content_type, struct span body);

#endif
