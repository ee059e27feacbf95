/*
 * http_tag: RFC 9110 sections 8.8.3 and 13.1.2.
 */
#include "wire/http_tag.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"

void
http_tag_reply(
    struct http_exchange *exchange, const char *content_type, struct span body)
{
	const char *known = http_header(exchange, "if-none-match");
	struct digest digest = digest_of(body);
	char hex[DIGEST_HEX_LEN + 1], tag[DIGEST_HEX_LEN + 3];

	snprintf(tag, sizeof(tag), "\"%s\"", digest_print(&digest, hex));
	http_reply_header(exchange, "etag", tag);
	http_reply_header(exchange, "cache-control", "private, no-cache");
	if (known != NULL &&
	    (strstr(known, tag) != NULL || strcmp(known, "*") == 0))
		http_reply(exchange, 304, NULL, span_make("", 0));
	else
		http_reply(exchange, 200, content_type, body);
}
