/*
 * http_route: which handler a request is for, and what its URL says.
 *
 * The first route of the table that fits wins, so literal paths stand before
 * "{name}".  Decoded text is UTF-8 without control characters; "." and ".."
 * are refused, so that no "{rest...}" climbs out of a folder.  Pure.
 */
#ifndef WIRE_HTTP_ROUTE_H
#define WIRE_HTTP_ROUTE_H

#include "wire/http.h"

#define HTTP_PARAMS_MAX 8
#define HTTP_QUERY_MAX 32

/* A request target taken apart. */
struct http_target {
	struct buf text;
	const char *path; /* as sent, without the query */
	struct {
		struct span name; /* in the route's path */
		const char *value;
	} params[HTTP_PARAMS_MAX];
	struct {
		const char *name, *value;
	} query[HTTP_QUERY_MAX];
	unsigned param_count, query_count;
};

void http_target_release(struct http_target *target);
/* False when it cannot be decoded, names a query parameter twice or has too
 * many.  In the query '+' is a space, as forms write it. */
bool http_target_parse(struct http_target *target, const char *raw);
/* NULL when no route has that path, or when none of those has that method:
 * then `allow` lists theirs ("GET, POST"). */
const struct http_route *http_route_find(const struct http_route *routes,
    const char *method, struct http_target *target, struct buf *allow);
/* "" when there is none. */
const char *http_target_param(
    const struct http_target *target, const char *name);
/* NULL when there is none. */
const char *http_target_query(
    const struct http_target *target, const char *name);

#endif
