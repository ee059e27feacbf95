/*
 * http1: heads by llhttp, bodies by hand.
 */
#include "wire/http1.h"

#include <string.h>

#include <llhttp.h>

/* A chunk's size and its extensions, which are read over. */
#define CHUNK_LINE_MAX 256
/* 15 hex digits: far below overflow. */
#define CHUNK_DIGITS_MAX 15
#define TRAILER_MAX 4096

void
http1_init(
    struct http1 *parser, const struct http1_events *events, void *context)
{
	memset(parser, 0, sizeof(*parser));
	parser->events = events;
	parser->context = context;
}

void
http1_release(struct http1 *parser)
{
	http_head_release(&parser->head);
	buf_release(&parser->line);
}

void
http1_next(struct http1 *parser)
{
	if (parser->phase == HTTP1_DONE)
		parser->phase = HTTP1_HEAD;
}

bool
http1_is_midway(const struct http1 *parser)
{
	if (parser->phase == HTTP1_HEAD)
		return parser->line.len > 0;
	return parser->phase != HTTP1_DONE && parser->phase != HTTP1_REFUSED;
}

static void
refuse(struct http1 *parser, int status, const char *text)
{
	parser->phase = HTTP1_REFUSED;
	parser->fault = (struct http_fault){status, text};
}

static void
finish(struct http1 *parser)
{
	parser->phase = HTTP1_DONE;
	parser->events->on_end(parser->context);
}

/* What llhttp has told so far; all of it lies in one piece of memory. */
struct reading {
	struct http_head *head;
	struct span name, value;
	bool fits;
};

static int
on_url(llhttp_t *llhttp, const char *at, size_t len)
{
	struct reading *reading = llhttp->data;

	http_head_set_method(reading->head,
	    span_of(llhttp_method_name((llhttp_method_t)llhttp->method)));
	reading->fits &=
	    http_head_set_target(reading->head, span_make(at, len));
	return 0;
}

static void
extend(struct span *span, const char *at, size_t len)
{
	if (span->len == 0)
		span->ptr = at;
	span->len = (size_t)(at - span->ptr) + len;
}

static int
on_name(llhttp_t *llhttp, const char *at, size_t len)
{
	extend(&((struct reading *)llhttp->data)->name, at, len);
	return 0;
}

static int
on_value(llhttp_t *llhttp, const char *at, size_t len)
{
	extend(&((struct reading *)llhttp->data)->value, at, len);
	return 0;
}

static int
on_value_complete(llhttp_t *llhttp)
{
	struct reading *reading = llhttp->data;
	struct span *value = &reading->value;

	while (value->len > 0 && (value->ptr[value->len - 1] == ' ' ||
				     value->ptr[value->len - 1] == '\t'))
		value->len--;
	reading->fits &= http_head_add(reading->head, reading->name, *value);
	reading->name = reading->value = span_make(NULL, 0);
	return 0;
}

/* The body is not for llhttp. */
static int
on_headers_complete(llhttp_t *llhttp)
{
	(void)llhttp;
	return HPE_PAUSED;
}

static const llhttp_settings_t llhttp_calls = {
    .on_url = on_url,
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_complete,
    .on_headers_complete = on_headers_complete,
};

static struct http_fault
read_head(struct http_head *head, struct span raw)
{
	struct reading reading = {.head = head, .fits = true};
	struct http_fault fault;
	llhttp_t llhttp;

	http_head_reset(head);
	fault = http_head_check(head, raw);
	if (fault.text != NULL)
		return fault;
	llhttp_init(&llhttp, HTTP_REQUEST, &llhttp_calls);
	llhttp.data = &reading;
	if (llhttp_execute(&llhttp, raw.ptr, raw.len) != HPE_PAUSED ||
	    llhttp.content_length != head->length ||
	    ((llhttp.flags & F_CHUNKED) != 0) != head->is_chunked)
		return (struct http_fault){400, "malformed head"};
	if (!reading.fits)
		return (struct http_fault){431, "head too large"};
	return fault;
}

/* What comes behind the head; the head may be gone after on_head. */
static void
take_head(struct http1 *parser, struct span raw)
{
	bool is_chunked;

	parser->fault = read_head(&parser->head, raw);
	if (parser->fault.text != NULL) {
		parser->phase = HTTP1_REFUSED;
		return;
	}
	is_chunked = parser->head.is_chunked;
	parser->left = parser->head.length;
	parser->trailer = 0;
	parser->phase = is_chunked ? HTTP1_CHUNK_LINE : HTTP1_LENGTH;
	parser->events->on_head(parser->context, &parser->head);
	if (!is_chunked && parser->left == 0)
		finish(parser);
}

/* Length of the head in `bytes`, whose first `seen` are known not to end
 * one; 0 when its end has not come. */
static size_t
find_end(struct http1 *parser, struct span bytes, size_t seen)
{
	const char *at = bytes.ptr + seen, *end = bytes.ptr + bytes.len;

	for (; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++) {
		if (at == bytes.ptr || at[-1] != '\r') {
			refuse(parser, 400, "bare LF");
			return 0;
		}
		if (at == bytes.ptr + 1 ||
		    (at - bytes.ptr >= 3 && at[-2] == '\n'))
			return (size_t)(at - bytes.ptr) + 1;
	}
	return 0;
}

static size_t
feed_head(struct http1 *parser, struct span bytes)
{
	size_t seen = parser->line.len, room = HTTP_HEAD_MAX - seen;
	struct span whole = bytes;
	size_t len;

	if (whole.len > room)
		whole.len = room;
	if (seen > 0) {
		buf_add(&parser->line, whole.ptr, whole.len);
		whole = buf_span(&parser->line);
	}
	len = find_end(parser, whole, seen);
	if (parser->phase == HTTP1_REFUSED)
		return bytes.len;
	if (len > 0) {
		take_head(parser, span_make(whole.ptr, len));
		buf_reset(&parser->line);
		return len - seen;
	}
	if (bytes.len >= room)
		refuse(parser, 431, "head longer than 16 KiB");
	else if (seen == 0)
		buf_add(&parser->line, bytes.ptr, bytes.len);
	return bytes.len;
}

static size_t
feed_piece(struct http1 *parser, struct span bytes)
{
	if (bytes.len > parser->left)
		bytes.len = (size_t)parser->left;
	parser->left -= bytes.len;
	parser->events->on_body(parser->context, bytes);
	if (parser->left > 0)
		return bytes.len;
	if (parser->phase == HTTP1_LENGTH)
		finish(parser);
	else
		parser->phase = HTTP1_CHUNK_END;
	return bytes.len;
}

/* Collect one line that ends with CR LF.  True when it is complete: without
 * its end, in parser->line, which the caller resets. */
static bool
take_line(struct http1 *parser, struct span bytes, size_t max, size_t *used)
{
	const char *end = memchr(bytes.ptr, '\n', bytes.len);
	struct buf *line = &parser->line;

	*used = end != NULL ? (size_t)(end - bytes.ptr) + 1 : bytes.len;
	if (line->len + *used > max) {
		refuse(parser, 400, "chunk line or trailer too long");
		return false;
	}
	buf_add(line, bytes.ptr, *used);
	if (end == NULL)
		return false;
	if (line->len < 2 || line->data[line->len - 2] != '\r' ||
	    memchr(line->data, '\r', line->len) != line->data + line->len - 2) {
		refuse(parser, 400, "bare CR or LF");
		return false;
	}
	line->len -= 2;
	return true;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "1a" or "1a;extension"; no white space. */
static bool
parse_size(struct span line, uint64_t *size)
{
	size_t i;

	*size = 0;
	for (i = 0; i < line.len && hex_value(line.ptr[i]) >= 0; i++)
		if (i < CHUNK_DIGITS_MAX)
			*size = *size * 16 + (uint64_t)hex_value(line.ptr[i]);
	if (i == 0 || i > CHUNK_DIGITS_MAX)
		return false;
	return i == line.len || line.ptr[i] == ';';
}

static size_t
feed_chunk_line(struct http1 *parser, struct span bytes)
{
	size_t used;

	if (!take_line(parser, bytes, CHUNK_LINE_MAX, &used))
		return used;
	if (!parse_size(buf_span(&parser->line), &parser->left))
		refuse(parser, 400, "malformed chunk size");
	else
		parser->phase = parser->left > 0 ? HTTP1_CHUNK : HTTP1_TRAILER;
	buf_reset(&parser->line);
	return used;
}

static size_t
feed_chunk_end(struct http1 *parser, struct span bytes)
{
	size_t used;

	if (!take_line(parser, bytes, 2, &used))
		return used;
	parser->phase = HTTP1_CHUNK_LINE;
	buf_reset(&parser->line);
	return used;
}

/* Trailers are read over: nothing of ours is said there. */
static size_t
feed_trailer(struct http1 *parser, struct span bytes)
{
	size_t used, len;

	if (!take_line(parser, bytes, TRAILER_MAX, &used))
		return used;
	len = parser->line.len;
	parser->trailer += len;
	buf_reset(&parser->line);
	if (parser->trailer > TRAILER_MAX)
		refuse(parser, 400, "chunk line or trailer too long");
	else if (len == 0)
		finish(parser);
	return used;
}

static size_t
feed_some(struct http1 *parser, struct span bytes)
{
	switch (parser->phase) {
	case HTTP1_HEAD:
		return feed_head(parser, bytes);
	case HTTP1_LENGTH:
	case HTTP1_CHUNK:
		return feed_piece(parser, bytes);
	case HTTP1_CHUNK_LINE:
		return feed_chunk_line(parser, bytes);
	case HTTP1_CHUNK_END:
		return feed_chunk_end(parser, bytes);
	case HTTP1_TRAILER:
		return feed_trailer(parser, bytes);
	case HTTP1_DONE:
	case HTTP1_REFUSED:
		break;
	}
	return 0;
}

size_t
http1_feed(struct http1 *parser, const uint8_t *bytes, size_t len)
{
	size_t used = 0;

	while (used < len && !parser->stopped && parser->phase != HTTP1_DONE &&
	       parser->phase != HTTP1_REFUSED)
		used += feed_some(parser, span_make(bytes + used, len - used));
	return used;
}
