/*
 * http2: exchanges side by side on one connection, by nghttp2.
 *
 * With its two other files the only home of nghttp2.  At most 100 streams; what
 * a handler has not read is bounded by the stream's window, which opens only as
 * it reads, and what a peer does not take by refusing its next requests.  A
 * peer that sends without end what is no request, or has streams reset, is sent
 * away (ENHANCE_YOUR_CALM).
 */
#ifndef WIRE_HTTP2_H
#define WIRE_HTTP2_H

#include "wire/http_conn.h"

bool http2_open(struct http_conn *conn);
void http2_close(struct http_conn *conn); /* cuts what runs */
void http2_input(struct http_conn *conn, struct span bytes);
/* Frames into conn->out; false when there are more than fit now. */
bool http2_fill(struct http_conn *conn);
void http2_reply(struct http_exchange *exchange, int status, const char *type,
    struct span body);
/* The reply in pieces. */
void http2_begin(struct http_exchange *exchange, int status, const char *type);
void http2_send(struct http_exchange *exchange, struct span piece);
void http2_end(struct http_exchange *exchange);
/* What was filled has left. */
void http2_go_on(struct http_conn *conn);
/* After a resume. */
void http2_flow(struct http_exchange *exchange);
void http2_retire(struct http_conn *conn);
/* Is the peer slower than it may be with what it has begun? */
bool http2_is_slow(struct http_conn *conn, uint64_t now_ms);
/* Now and then: goes on with a retirement, begins one when it is idle. */
void http2_sweep(struct http_conn *conn, uint64_t now_ms);

#endif
