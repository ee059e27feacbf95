/*
 * bus_inner: what bus.c, bus_socket.c and bus_zap.c share.
 *
 * Nobody else includes it.  All of it belongs to the bus thread, but what
 * bus_open does before the thread runs and bus_close after it ended.
 */
#ifndef WIRE_BUS_INNER_H
#define WIRE_BUS_INNER_H

#include <uv.h>

#include "base/metric.h"
#include "base/work.h"
#include "wire/bus.h"

#define BUS_ENDPOINT_MAX 256
#define BUS_PREFIX_MOST 15 /* "pulse" is the longest there is */
#define BUS_ZAP_ENDPOINT "inproc://zeromq.zap.01" /* RFC 27 */
#define BUS_ZAP_DOMAIN "rongxin"

enum place {
	PLACE_ZAP,    /* REP: who may come in */
	PLACE_LIVE,   /* XPUB, so that subscriptions are ours to grant */
	PLACE_FETCH,  /* ROUTER */
	PLACE_FOLLOW, /* SUB */
	PLACE_ASK,    /* DEALER */
	PLACE_LINK,   /* PAIR: monitor of PLACE_ASK */
	PLACE_COUNT
};

/* One message of several parts; bus_socket.c. */
struct parts;

struct socket {
	void *zmq; /* NULL: this bus has none */
	uv_poll_t poll;
	void (*take)(struct bus *bus, struct parts *parts);
};

/* What a peer was let to hear; kept after it went. */
struct grant {
	char code[MEMBER_CODE_MAX + 1];
	char prefix[BUS_PREFIX_MOST + 1];
};

struct bus {
	struct bus_settings settings; /* the callbacks; no text of it is kept */
	void *zmq;
	struct socket sockets[PLACE_COUNT];
	char live_endpoint[BUS_ENDPOINT_MAX];
	char fetch_endpoint[BUS_ENDPOINT_MAX];
	char parent_live[BUS_ENDPOINT_MAX];
	char parent_fetch[BUS_ENDPOINT_MAX];
	uv_loop_t loop;
	uv_thread_t thread;
	uv_prepare_t prepare;
	uv_check_t check;
	uv_idle_t idle;
	uv_timer_t timer;
	uv_timer_t rebind; /* runs while PLACE_LIVE is closed */
	struct grant *grants;
	size_t grant_count, grant_size;
	struct mailbox *mailbox;
	struct metric *dropped;
	bool connected;
	bool stopping;
};

/* libuv that cannot start means that the process is out of descriptors or
 * memory before it did anything: aborts unless `result` is 0. */
void bus_must(int result);

/* bus_socket.c */

/* Exactly so many parts? */
bool parts_are(const struct parts *parts, size_t count);
/* The part, borrowed; empty when there is none. */
struct span parts_span(struct parts *parts, size_t i);
/* Who sent that part, by ZAP; NULL: nobody that could be named. */
const char *parts_sender(struct parts *parts, size_t i);
/* Lets the socket do what its I/O threads have told it, too. */
bool socket_has_message(const struct socket *socket);
/* At most a turn's messages, to `take`. */
void socket_take(struct bus *bus, struct socket *socket);
/* From now on its descriptor wakes the loop. */
void socket_watch(struct bus *bus, struct socket *socket);
/* The socket for live messages, made and not bound; NULL: no more sockets. */
void *live_new(struct bus *bus);
MUST_CHECK enum err socket_bind(void *zmq, const struct bus_settings *settings,
    const char *endpoint, char bound[BUS_ENDPOINT_MAX], struct why *why);
MUST_CHECK enum err bus_open_serving(
    struct bus *bus, const struct bus_settings *settings, struct why *why);
MUST_CHECK enum err bus_open_following(
    struct bus *bus, const struct bus_settings *settings, struct why *why);
/* Ends the context with them; the handler goes last, as it came first. */
void bus_close_sockets(struct bus *bus);

/* bus_zap.c */

/* A knock: whose key is it? */
void take_zap(struct bus *bus, struct parts *request);
/* A peer wants to hear something, or no more. */
void take_subscription(struct bus *bus, struct parts *parts);
/* bus_review, on the bus thread. */
void bus_do_review(struct bus *bus);

#endif
