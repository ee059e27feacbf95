/*
 * http_exchange: one request and its reply, for both versions of HTTP.
 *
 * Made by a connection when a head is complete.  It ends with its reply, or
 * when it is cut; what a handler has begun to answer stays valid until then,
 * whatever the connection does.  Belongs to its worker's loop.
 */
#ifndef WIRE_HTTP_EXCHANGE_H
#define WIRE_HTTP_EXCHANGE_H

#include "wire/http.h"
#include "wire/http_head.h"
#include "wire/http_route.h"
#include "wire/trace.h"

struct http_conn;
struct http_worker;

struct http_exchange {
	struct http_conn *conn; /* held */
	struct http_worker *worker;
	const struct http_route *route;
	struct http_head head;
	struct http_target target;
	struct buf body; /* of the request; streamed: what a pause held up */
	int32_t stream;  /* of HTTP/2; 0: HTTP/1.1 */

	unsigned users;     /* 1 until it ends, and one for each hold */
	bool is_head;       /* GET without the body */
	struct trace trace; /* no id: none was given */
	bool is_complete, is_over, is_gone;
	bool is_paused, is_resuming;
	bool has_ended; /* the peer sent the end while paused */

	http_room_fn room; /* a reply in pieces; NULL: none */
	bool is_filled;    /* pieces were sent that have not left */
	bool is_called;    /* `room` is about to be */

	/* Bytes that the peer has sent or taken since then. */
	uint64_t pace_ms, paced;

	void *state;
	void (*release)(void *state);

	/* The reply; HTTP/2 keeps it until the stream has taken it. */
	struct buf fields; /* name, NUL, value, NUL */
	unsigned field_count;
	struct buf reply;
	size_t sent;
	bool is_sending;

	struct http_exchange *next;          /* spare or resuming */
	struct http_exchange *newer, **link; /* of one HTTP/2 connection */
};

/* Called by connections, in this order; each may end the exchange, so hold
 * it around the call when it is looked at afterwards. */
struct http_exchange *exchange_new(struct http_conn *conn, int32_t stream);
void exchange_begin(struct http_exchange *exchange);
void exchange_body(struct http_exchange *exchange, struct span piece);
void exchange_end(struct http_exchange *exchange);
/* The peer has gone. */
void exchange_cut(struct http_exchange *exchange);
/* The pieces have left, or their end has come. */
void exchange_ask(struct http_exchange *exchange);
/* Does the peer send its body, or take our reply, too slowly?  To be asked
 * now and then. */
bool exchange_is_slow(struct http_exchange *exchange, uint64_t now_ms);
/* The stream has taken or lost the reply. */
void exchange_sent(struct http_exchange *exchange);
/* Frees a spare one for good. */
void exchange_free(struct http_exchange *exchange);
/* What a worker's mailbox does with a job of http_defer. */
void exchange_run_job(void *job);

/* http_reply.c */

/* Does a reply of this status come with its body? */
bool exchange_has_body(const struct http_exchange *exchange, int status);

#endif
