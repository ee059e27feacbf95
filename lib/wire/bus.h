/*
 * bus: the ZeroMQ sockets of one process, on one thread.
 *
 * A bus can serve (XPUB for live messages, ROUTER for requests; CURVE with ZAP,
 * so only keys that `admit` knows get in) and it can follow (SUB and DEALER to
 * one parent).  A relaying node does both.  All callbacks run on the bus
 * thread and must not block; calls marked "any thread" are queued to it.
 * ZMQ_FD is edge-triggered, so ZMQ_EVENTS decides: explained in bus.c.
 * Limits: messages 16 MiB, requests 2 MiB, topics 4 KiB; a handshake 10 s
 * (3 s seen from the child), heartbeats every 5 s, silence for 15 s is the end.
 */
#ifndef WIRE_BUS_H
#define WIRE_BUS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"
#include "credit/member.h"

#define BUS_KEY_LEN 40 /* Z85 */

struct bus;

/* A CURVE key pair as Z85 text, for `rongxin key`. */
MUST_CHECK enum err bus_make_keys(
    char public_key[BUS_KEY_LEN + 1], char secret_key[BUS_KEY_LEN + 1]);

/* The public half of a secret one; ERR_CRYPTO: it is none. */
MUST_CHECK enum err bus_public_key(
    const char *secret_key, char public_key[BUS_KEY_LEN + 1]);

/* Whose key is it?  Fill `code` and return true, or false: refused for now (the
 * peer tries again after some seconds).  Asked once a connection, on the bus
 * thread; must be quick.  Who was let in stays until it disconnects: what a
 * request may have is the caller's to decide each time. */
typedef bool (*bus_admit_fn)(
    void *context, const char *public_key, char code[MEMBER_CODE_MAX + 1]);

/* May this peer hear what has this topic prefix?  Asked once a subscription, on
 * the bus thread; must be quick. */
typedef bool (*bus_hear_fn)(
    void *context, const char *code, const char *topic_prefix);

/* Names a peer for bus_reply; plain data, copy it. */
struct bus_route {
	char code[MEMBER_CODE_MAX + 1]; /* who it is, from ZAP */
	uint8_t id[32];
	size_t id_len;
};
typedef void (*bus_request_fn)(
    void *context, const struct bus_route *from, struct span message);
typedef void (*bus_live_fn)(
    void *context, struct span topic, struct span message);
typedef void (*bus_reply_fn)(void *context, struct span message);
typedef void (*bus_link_fn)(void *context, bool connected);

struct bus_settings {
	/* serving; live NULL: does not serve */
	const char *live;  /* "tcp://127.0.0.1:7001"; port 0 or *: any free */
	const char *fetch; /* "tcp://127.0.0.1:7002" */
	bus_admit_fn admit;
	bus_request_fn request;
	bus_hear_fn hear; /* NULL: everybody who was let in hears all */
	/* following; parent_live NULL: does not follow */
	const char *parent_live, *parent_fetch;
	const char *parent_key; /* Z85 public key of the parent */
	bus_live_fn live_message;
	bus_reply_fn reply;
	bus_link_fn link; /* the request link came or went; may be NULL */
	/* both */
	const char *public_key, *secret_key; /* ours, Z85 */
	void (*tick)(void *context); /* about every 100 ms; may be NULL */
	unsigned io_threads;
	void *context;
};

/* Bound (and connecting) when it returns; the thread runs.  NULL and `why` on
 * failure. */
struct bus *bus_open(const struct bus_settings *settings, struct why *why);
/* Does what was posted before, waits for the thread; no callback runs
 * afterwards.  Not from a callback.  Safe on NULL. */
void bus_close(struct bus *bus);
/* From a callback only: leaves the parent and connects to it as the holder of
 * this key.  Subscriptions stay; requests that wait to be sent are lost. */
void bus_dial(struct bus *bus, const char *parent_key);
/* The endpoints as bound (with the real port); borrowed. */
const char *bus_live_endpoint(const struct bus *bus);
const char *bus_fetch_endpoint(const struct bus *bus);

/* Any thread; bytes are copied.  What a peer does not take (it is slow, or
 * away for long) is dropped and counted: callers of bus_request ask again
 * after a while, followers notice the gap. */
void bus_publish(struct bus *bus, const char *topic, struct span message);
void bus_reply(
    struct bus *bus, const struct bus_route *to, struct span message);
void bus_request(struct bus *bus, struct span message);
void bus_subscribe(struct bus *bus, const char *topic_prefix);
void bus_unsubscribe(struct bus *bus, const char *topic_prefix);
/* Who may hear what has changed: asks `hear` again about everything that it
 * granted.  If one of it is refused now, all followers are cut off and come
 * back with what they may hear; the gap shows them what they missed. */
void bus_review(struct bus *bus);
/* Run `call(argument)` on the bus thread. */
void bus_post(struct bus *bus, void (*call)(void *argument), void *argument);

#endif
