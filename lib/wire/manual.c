/*
 * manual: an HTTP interface's own description, as OpenAPI and for readers.
 */
#include "wire/manual.h"

#include <string.h>

#include "wire/http_tag.h"

MANUAL_FILE(manual_page, "docs/api/index.html");
MANUAL_FILE(manual_script, "docs/api/manual.js");
MANUAL_FILE(manual_style, "docs/api/manual.css");

void
manual_reply(struct http_exchange *exchange, struct span document)
{
	const struct {
		const char *end, *type;
		struct span text;
	} files[] = {
	    {".json", "application/json", document},
	    {".js", "text/javascript; charset=utf-8",
		MANUAL_SPAN(manual_script)},
	    {".css", "text/css; charset=utf-8", MANUAL_SPAN(manual_style)},
	    {"", "text/html; charset=utf-8", MANUAL_SPAN(manual_page)},
	};
	const char *dot = strrchr(http_path(exchange), '.');
	size_t i = 0;

	while (strcmp(files[i].end, dot != NULL ? dot : "") != 0)
		i++;
	http_reply_header(exchange, "content-security-policy",
	    "default-src 'none'; script-src 'self'; style-src 'self'; "
	    "connect-src 'self'; base-uri 'none'; form-action 'none'; "
	    "frame-ancestors 'none'");
	http_reply_header(exchange, "x-content-type-options", "nosniff");
	http_tag_reply(exchange, files[i].type, files[i].text);
}
