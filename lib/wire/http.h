/*
 * http: HTTPS with client certificates, HTTP/1.1 and HTTP/2, on libuv loops.
 *
 * TLS 1.3 only, a client certificate from the network's CA required, ALPN h2
 * and http/1.1.  A server has one or more worker loops, each with a thread
 * and a listening socket of its own (SO_REUSEPORT).  Handlers run on the
 * worker's loop and never block; an answer may come later, on that loop.
 * Everything from outside has a limit: head 16 KiB, 64 header fields, URL
 * 4 KiB, body by route; times, paces and connections by http_limits.
 * Request smuggling is refused before llhttp sees it: bare CR or LF, folded
 * headers, both Content-Length and Transfer-Encoding, two Content-Lengths.
 */
#ifndef WIRE_HTTP_H
#define WIRE_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cert.h"
#include "base/err.h"
#include "base/span.h"
#include "wire/http_limits.h"

struct http_server;
struct http_exchange; /* one request and its reply */

/* The request is complete (buffered routes).  Reply now or later. */
typedef void (*http_handle_fn)(struct http_exchange *exchange, void *context);
/* Streamed routes: the head has come; return false after having replied
 * (the body is then discarded). */
typedef bool (*http_open_fn)(struct http_exchange *exchange, void *context);
/* A piece of the body, borrowed.  Not called while paused, nor after a
 * reply: a reply in mid-body is the end, without a close. */
typedef void (*http_chunk_fn)(
    struct http_exchange *exchange, struct span piece, void *context);
/* The body is complete, or (`cut`) the peer went away before it was: then
 * no reply can be sent and the exchange ends with this call. */
typedef void (*http_close_fn)(
    struct http_exchange *exchange, bool cut, void *context);

struct http_route {
	const char *method;
	/* "/v1/feeds/{item}/batches"; "{rest...}" last.  The first that fits
	 * wins. */
	const char *path;
	http_handle_fn handle; /* buffered route */
	size_t max_body;       /* bytes, for a buffered route */
	http_open_fn open;     /* streamed route: these three, no handle */
	http_chunk_fn chunk;
	http_close_fn close;
};

struct http_settings {
	const char *listen; /* "127.0.0.1:8443"; port 0: any free one */
	const char *cert, *key, *ca; /* PEM files */
	unsigned workers;
	struct http_limits limits;
	const struct http_route *routes; /* ends with a NULL method; borrowed */
	void *context;                   /* for every handler */
	bool is_sandbox; /* every answer says so: `rongxin-sandbox: 1` */
};

/* Listening when it returns.  NULL and `why` on failure. */
struct http_server *http_server_open(
    const struct http_settings *settings, struct why *why);
/* Connections from now on get the certificate that is in the files (cert, key,
 * ca of `settings`) now.  After an error the old one stays.  Any thread. */
MUST_CHECK enum err http_server_renew(struct http_server *server,
    const struct http_settings *settings, struct why *why);
unsigned http_server_port(const struct http_server *server);
/* Appends host:port as others reach it. */
void http_server_address(const struct http_server *server, struct buf *out);
/* Stop accepting, finish what runs (at most `grace_ms`), end the threads. */
void http_server_close(struct http_server *server, unsigned grace_ms);

/* the request; everything borrowed until the reply */
const char *http_method(const struct http_exchange *exchange);
const char *http_path(const struct http_exchange *exchange); /* no query */
/* Value of "{name}" in the route's path, percent-decoded; "" when none. */
const char *http_path_param(
    const struct http_exchange *exchange, const char *name);
/* Query parameter, percent-decoded ('+' is a space); NULL when absent.  A
 * name given twice is refused before any handler. */
const char *http_query(const struct http_exchange *exchange, const char *name);
/* Header by lower-case name; NULL when absent. */
const char *http_header(const struct http_exchange *exchange, const char *name);
struct span http_body(const struct http_exchange *exchange);
/* The traceparent that requests made for this one carry; NULL: none, as it
 * came without. */
const char *http_traceparent(const struct http_exchange *exchange);
/* The verified client certificate. */
const struct identity *http_peer(const struct http_exchange *exchange);
/* A number that stands for the peer's address, another in each process. */
uint64_t http_peer_place(const struct http_exchange *exchange);
unsigned http_worker(const struct http_exchange *exchange); /* 0.. */
/* The worker's uv_loop_t, for timers and async file work of a handler. */
void *http_loop(const struct http_exchange *exchange);
/* A handler's own state for this exchange; `release` (may be NULL) is
 * called when the exchange ends, however it ends. */
void http_set_state(
    struct http_exchange *exchange, void *state, void (*release)(void *state));
void *http_state(const struct http_exchange *exchange);

/* flow */
/* Streamed routes: stop and go on reading the body (back-pressure). */
void http_pause(struct http_exchange *exchange);
void http_resume(struct http_exchange *exchange);
/* Run `call(exchange, argument)` on the exchange's loop.  Any thread; the
 * exchange must not have been replied to.  This is how a worker thread hands
 * an answer back. */
void http_defer(struct http_exchange *exchange,
    void (*call)(struct http_exchange *exchange, void *argument),
    void *argument);
/* Keep the exchange itself valid, though it may be cut or replied to, until
 * http_drop: for a streamed exchange that a worker thread knows about.  Both
 * on the loop. */
void http_hold(struct http_exchange *exchange);
void http_drop(struct http_exchange *exchange);
/* Is there nobody left to reply to: replied already, or the peer gone?  A reply
 * in pieces: is it time to end it, because the server stops, too? */
bool http_is_over(const struct http_exchange *exchange);

/* the reply; exactly one, on the exchange's loop */
/* Before the reply; `value` is copied. */
void http_reply_header(
    struct http_exchange *exchange, const char *name, const char *value);
/* Body is copied.  The exchange must not be touched afterwards.  When the
 * peer has gone meanwhile, the reply is dropped. */
void http_reply(struct http_exchange *exchange, int status,
    const char *content_type, struct span body);
/* RFC 9457 problem+json: type "urn:rongxin:problem:<type>", title, detail. */
void http_reply_problem(struct http_exchange *exchange, int status,
    const char *type, const char *title, const char *detail);

/* a reply in pieces: event streams, long lists; on the loop */
/* All that was sent has left, so there is room for more; or http_is_over: then
 * end it.  Called by the loop, not inside of the calls below; not called again
 * before something was sent. */
typedef void (*http_room_fn)(struct http_exchange *exchange, void *context);
/* In the place of http_reply, once the request is complete.  The peer may stay
 * for as long as it likes; one that does not read for 60 s is cut. */
void http_begin(struct http_exchange *exchange, int status,
    const char *content_type, http_room_fn room);
/* Copied; dropped when the peer has gone.  Nothing stops a sender that does not
 * ask http_has_room: about 256 KiB may wait. */
void http_send(struct http_exchange *exchange, struct span piece);
bool http_has_room(const struct http_exchange *exchange);
/* The exchange must not be touched afterwards.  Always to be called. */
void http_end(struct http_exchange *exchange);

#endif
