/*
 * http1: HTTP/1.1 requests out of bytes, one after the other.
 *
 * llhttp reads the head after http_head has checked it, and both must agree.
 * Bodies are framed here: llhttp 8.1.0 takes any two bytes for the CR LF
 * behind a chunk, which is how requests are smuggled.
 * Knows no socket and no exchange; one thread at a time.
 */
#ifndef WIRE_HTTP1_H
#define WIRE_HTTP1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/http_head.h"

struct http1_events {
	/* The head may be swapped away. */
	void (*on_head)(void *context, struct http_head *head);
	void (*on_body)(void *context, struct span piece);
	void (*on_end)(void *context);
};

enum http1_phase {
	HTTP1_HEAD,
	HTTP1_LENGTH,     /* body of known length */
	HTTP1_CHUNK_LINE, /* a chunk's size */
	HTTP1_CHUNK,
	HTTP1_CHUNK_END, /* CR LF behind a chunk */
	HTTP1_TRAILER,
	HTTP1_DONE,   /* until http1_next */
	HTTP1_REFUSED /* see fault; for good */
};

struct http1 {
	const struct http1_events *events;
	void *context;
	enum http1_phase phase;
	bool stopped; /* set by the owner: hand out no more of the body */
	struct http_fault fault;
	struct http_head head;
	uint64_t left;   /* of the body or the chunk */
	struct buf line; /* a head, chunk line or trailer that came in pieces */
	size_t trailer;  /* bytes of trailers so far */
};

void http1_init(
    struct http1 *parser, const struct http1_events *events, void *context);
void http1_release(struct http1 *parser);
/* How many bytes were used: fewer than `len` when stopped, done or refused. */
size_t http1_feed(struct http1 *parser, const uint8_t *bytes, size_t len);
/* After HTTP1_DONE: be ready for the next request. */
void http1_next(struct http1 *parser);
/* Has a request begun that is not complete? */
bool http1_is_midway(const struct http1 *parser);

#endif
