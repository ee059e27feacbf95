/*
 * http_head: the head of one request, checked byte by byte.
 *
 * The rule that must never break: what two readers could understand in two
 * ways is refused (RFC 9112 sections 2.2, 5, 6.3).  Pure.
 */
#ifndef WIRE_HTTP_HEAD_H
#define WIRE_HTTP_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

#define HTTP_HEAD_MAX 16384
#define HTTP_URL_MAX 4096
#define HTTP_FIELDS_MAX 64

struct http_head {
	struct buf text;       /* every string, with its NUL */
	size_t method, target; /* offsets in text */
	struct {
		uint32_t name, value;
	} fields[HTTP_FIELDS_MAX];
	unsigned count;
	uint64_t length; /* Content-Length; 0 when absent */
	bool has_length, has_host, is_chunked, is_last; /* last: then close */
	bool expects;                                   /* 100-continue */
	unsigned minor;                                 /* HTTP/1.minor */
};

/* Why a request is refused: NULL text when it is not. */
struct http_fault {
	int status;
	const char *text; /* static */
};

void http_head_reset(struct http_head *head); /* keeps memory */
void http_head_release(struct http_head *head);
void http_head_swap(struct http_head *a, struct http_head *b);
const char *http_head_method(const struct http_head *head);
const char *http_head_target(const struct http_head *head);
/* NULL when absent; `name` in lower case. */
const char *http_head_find(const struct http_head *head, const char *name);

/* Is this a whole HTTP/1 head, ending with its empty line, that means one
 * thing only?  Fills what says how long the body is, not the strings. */
struct http_fault http_head_check(struct http_head *head, struct span raw);

/* Strings into the head; names in lower case.  False above a limit. */
void http_head_set_method(struct http_head *head, struct span method);
bool http_head_set_target(struct http_head *head, struct span target);
bool http_head_add(struct http_head *head, struct span name, struct span value);

#endif
