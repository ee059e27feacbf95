/*
 * http_route: a table of routes against a URL.
 */
#include "wire/http_route.h"

#include <string.h>

#include "base/text.h"

void
http_target_release(struct http_target *target)
{
	buf_release(&target->text);
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Append `raw` percent-decoded with a NUL; NULL when it is not decent text.
 * The buffer has room, so that what it holds does not move. */
static const char *
add_decoded(struct buf *out, struct span raw, bool plus_is_space)
{
	size_t start = out->len, i;
	int high, low;
	char c;

	for (i = 0; i < raw.len; i++) {
		c = raw.ptr[i];
		if (c == '+' && plus_is_space)
			c = ' ';
		if (c == '%') {
			if (raw.len - i < 3)
				return NULL;
			high = hex_value(raw.ptr[i + 1]);
			low = hex_value(raw.ptr[i + 2]);
			if (high < 0 || low < 0)
				return NULL;
			c = (char)(high * 16 + low);
			i += 2;
		}
		if ((unsigned char)c < ' ' || c == 0x7f)
			return NULL;
		buf_char(out, c);
	}
	if (!text_is_utf8(span_make(out->data + start, out->len - start)))
		return NULL;
	buf_char(out, '\0');
	return out->data + start;
}

/* Cut the part before `mark`, or all of it, off. */
static struct span
cut(struct span *rest, char mark)
{
	const char *at =
	    rest->len > 0 ? memchr(rest->ptr, mark, rest->len) : NULL;
	struct span part = *rest;

	if (at == NULL) {
		*rest = span_make(rest->ptr + rest->len, 0);
		return part;
	}
	part.len = (size_t)(at - rest->ptr);
	rest->ptr = at + 1;
	rest->len -= part.len + 1;
	return part;
}

static bool
add_query(struct http_target *target, struct span pair)
{
	struct span name = cut(&pair, '=');
	const char *decoded = add_decoded(&target->text, name, true);
	const char *value = add_decoded(&target->text, pair, true);
	unsigned at = target->query_count;

	if (decoded == NULL || value == NULL || at == HTTP_QUERY_MAX ||
	    http_target_query(target, decoded) != NULL)
		return false;
	target->query[at].name = decoded;
	target->query[at].value = value;
	target->query_count++;
	return true;
}

static bool
is_dots(struct span segment)
{
	return span_is(segment, ".") || span_is(segment, "..");
}

static bool
has_dots(const char *path)
{
	struct span rest = span_of(path);

	while (rest.len > 0)
		if (is_dots(cut(&rest, '/')))
			return true;
	return false;
}

bool
http_target_parse(struct http_target *target, const char *raw)
{
	struct span rest = span_of(raw), path = cut(&rest, '?'), pair;
	struct buf text = target->text;

	memset(target, 0, sizeof(*target));
	target->text = text;
	buf_reset(&target->text);
	/* The path twice (parameters are decoded from it), the query, and a
	 * NUL for each part: nothing moves while it is filled. */
	buf_room(&target->text,
	    2 * strlen(raw) + 2 * (HTTP_PARAMS_MAX + 2 * HTTP_QUERY_MAX + 4));
	target->path = target->text.data;
	buf_add(&target->text, path.ptr, path.len);
	buf_char(&target->text, '\0');
	if (path.len == 0 || path.ptr[0] != '/')
		return false;
	if (add_decoded(&target->text, path, false) == NULL ||
	    has_dots(target->path + path.len + 1))
		return false;
	target->text.len = path.len + 1;
	while (rest.len > 0) {
		pair = cut(&rest, '&');
		if (pair.len > 0 && !add_query(target, pair))
			return false;
	}
	return true;
}

static bool
is_param(struct span segment)
{
	return segment.len > 2 && segment.ptr[0] == '{';
}

static bool
is_rest(struct span segment)
{
	return is_param(segment) && segment.len > 5 &&
	       memcmp(segment.ptr + segment.len - 4, "...}", 4) == 0;
}

static bool
add_param(struct http_target *target, struct span name, struct span raw)
{
	unsigned at = target->param_count;
	const char *value;

	if (at == HTTP_PARAMS_MAX)
		return false;
	value = add_decoded(&target->text, raw, false);
	if (value == NULL)
		return false;
	target->params[at].name = name;
	target->params[at].value = value;
	target->param_count++;
	return true;
}

/* Match, and take the parameters when `target` is to have them. */
static bool
fits(struct span route, struct span path, struct http_target *target)
{
	struct span want, have;

	while (route.len > 0 && path.len > 0) {
		route.ptr++, route.len--; /* both begin with '/' */
		path.ptr++, path.len--;
		want = route;
		have = path;
		want.len = strcspn(want.ptr, "/");
		have.len = strcspn(have.ptr, "/");
		if (is_rest(want)) {
			want = span_make(want.ptr + 1, want.len - 5);
			return target == NULL || add_param(target, want, path);
		}
		if (is_param(want)) {
			if (have.len == 0)
				return false;
			want = span_make(want.ptr + 1, want.len - 2);
			if (target != NULL && !add_param(target, want, have))
				return false;
		} else if (!span_equal(want, have)) {
			return false;
		}
		route.ptr += strcspn(route.ptr, "/");
		route.len = strlen(route.ptr);
		path.ptr += have.len;
		path.len -= have.len;
	}
	return route.len == 0 && path.len == 0;
}

const struct http_route *
http_route_find(const struct http_route *routes, const char *method,
    struct http_target *target, struct buf *allow)
{
	struct span path = span_of(target->path);

	for (; routes->method != NULL; routes++) {
		if (!fits(span_of(routes->path), path, NULL))
			continue;
		if (strcmp(routes->method, method) == 0)
			return fits(span_of(routes->path), path, target)
				   ? routes
				   : NULL;
		if (allow->len > 0)
			buf_text(allow, ", ");
		buf_text(allow, routes->method);
	}
	return NULL;
}

const char *
http_target_param(const struct http_target *target, const char *name)
{
	unsigned i;

	for (i = 0; i < target->param_count; i++)
		if (span_is(target->params[i].name, name))
			return target->params[i].value;
	return "";
}

const char *
http_target_query(const struct http_target *target, const char *name)
{
	unsigned i;

	for (i = 0; i < target->query_count; i++)
		if (strcmp(target->query[i].name, name) == 0)
			return target->query[i].value;
	return NULL;
}
