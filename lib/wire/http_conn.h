/*
 * http_conn: one TLS connection, and the loop it lives on.
 *
 * Bytes are collected while a turn of the loop runs and written once, before
 * the loop sleeps.  A connection that ends says so, then reads over what the
 * peer still sends, so that the last reply is not lost to a reset.
 * Everything here belongs to the worker's thread.
 */
#ifndef WIRE_HTTP_CONN_H
#define WIRE_HTTP_CONN_H

#include <uv.h>

#include "wire/http1.h"
#include "wire/http_date.h"
#include "wire/http_exchange.h"
#include "wire/tls.h"

#define HTTP_READ_SIZE 65536
/* Plaintext that may wait before no more is made. */
#define HTTP_OUT_MAX 262144

struct gate;
struct mailbox;
struct metric;
struct http2;

/* Why a connection was cut, or not let in. */
enum http_cut {
	HTTP_CUT_FULL,
	HTTP_CUT_ADDRESS,
	HTTP_CUT_HANDSHAKES,
	HTTP_CUT_DENIED, /* no handshake, or no certificate of ours */
	HTTP_CUT_SLOW,
	HTTP_CUT_FLOOD,
	HTTP_CUT_COUNT
};

/* Milliseconds and counts of one worker, made of http_limits. */
struct http_bounds {
	unsigned handshakes; /* 0: any */
	uint64_t head_ms, idle_ms;
	uint64_t slow_bytes; /* a second; 0: any */
};

#define HTTP_CLASSES 6

struct http_worker {
	struct http_server *server;
	const struct http_route *routes;
	void *context;
	bool is_sandbox;
	struct tls *tls;
	struct gate *gate;
	struct http_bounds bounds;
	struct metric *cuts[HTTP_CUT_COUNT], *connected;
	unsigned index;
	uv_loop_t loop;
	uv_thread_t thread;
	uv_tcp_t listener;
	uv_prepare_t before_sleep;
	uv_timer_t sweep;
	uint64_t stop_at_ms;
	struct mailbox *mailbox;
	struct http_conn *conns, *dirty;
	struct http_exchange *spare, *resuming;
	unsigned handshake_count, exchange_count, spare_count;
	struct metric *replies[HTTP_CLASSES]; /* by hundreds of the status */
	struct http_date date;
	int64_t told_us; /* when a failure was logged, clock_tick_us */
	bool is_closing, is_over;
	char cipher[HTTP_READ_SIZE], plain[HTTP_READ_SIZE];
};

enum http_conn_phase {
	CONN_HANDSHAKE,
	CONN_HTTP1,
	CONN_HTTP2,
	CONN_LINGER, /* has said goodbye; reads over what comes */
	CONN_CLOSED
};

/* HTTP/1.1's part of a connection. */
struct http1_side {
	struct http1 parser;
	struct http_exchange *exchange; /* NULL: none, or replied to */
	struct buf in;                  /* what the parser has not taken */
	/* Of the head, of a body that passes by, of the goodbye; 0: none. */
	uint64_t begun_ms;
	bool is_last;
};

struct http_conn {
	uv_tcp_t tcp;
	struct http_worker *worker;
	struct http_conn *next, **link, *next_dirty;
	struct tls_session *tls;
	struct identity peer;
	enum http_conn_phase phase;
	struct http1_side one;
	struct http2 *two;
	struct buf out; /* plaintext */
	size_t unsent;  /* ciphertext the kernel has not taken */
	uint64_t read_ms, written_ms;
	uint64_t lingered;
	uint64_t silent;  /* bytes since the last that meant something */
	uint64_t place;   /* of its address */
	unsigned users;   /* itself and its exchanges */
	bool is_admitted; /* counted at the gate */
	bool is_dirty, is_reading, is_ending;
	bool has_ended; /* the peer will send no more */
};

void conn_open(struct http_worker *worker);
void conn_count_cut(struct http_conn *conn, enum http_cut why);
/* Something is to be written, or can go on, before the loop sleeps. */
void conn_mark(struct http_conn *conn);
void conn_flush(struct http_conn *conn);
/* Write what there is, say goodbye, close. */
void conn_end(struct http_conn *conn);
/* At once; cuts what runs. */
void conn_close(struct http_conn *conn);
void conn_read(struct http_conn *conn, bool wanted);
/* Close it when its time is over. */
void conn_sweep(struct http_conn *conn, uint64_t now_ms);
/* The server stops: finish what runs, take nothing new. */
void conn_retire(struct http_conn *conn);
void conn_hold(struct http_conn *conn);
void conn_drop(struct http_conn *conn);

void http1_open(struct http_conn *conn);
void http1_close(struct http_conn *conn);
void http1_input(struct http_conn *conn, struct span bytes);
/* Take up what waited for a reply, a resume or the peer. */
void http1_go_on(struct http_conn *conn);
void http1_reply(struct http_exchange *exchange, int status, const char *type,
    struct span body);
/* The reply in pieces. */
void http1_begin(struct http_exchange *exchange, int status, const char *type);
void http1_send(struct http_exchange *exchange, struct span piece);
bool http1_has_room(const struct http_exchange *exchange);
void http1_end(struct http_exchange *exchange);
void http1_flow(struct http_exchange *exchange);
/* Is the peer slower than it may be with what it has begun? */
bool http1_is_slow(struct http_conn *conn, uint64_t now_ms);
/* Has it asked nothing for too long? */
bool http1_is_late(const struct http_conn *conn, uint64_t now_ms);
bool http1_is_idle(const struct http_conn *conn);
void http1_retire(struct http_conn *conn);

#endif
