/*
 * bus_socket: the sockets of a bus: their options, and what comes out of them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <zmq.h>

#include "base/log.h"
#include "wire/bus_inner.h"

#define TURN 256
#define PARTS_MAX 8 /* a ZAP request has seven */

/* Without a handler nobody gets in.  4.3 has the option; its header hides the
 * name among the drafts. */
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif
#define LINK_ENDPOINT "inproc://link"

#define MESSAGE_MOST (16 << 20)
#define REQUEST_MOST (2 << 20)
#define TOPIC_MOST (4 << 10)
/* Messages that wait for one slow peer; what comes then is dropped, and the
 * peer sees the gap or asks again. */
#define LIVE_WAITING 10000
#define TALK_WAITING 1000

struct parts {
	zmq_msg_t part[PARTS_MAX];
	size_t count;
	size_t excess; /* parts dropped */
};

/* Is there another part?  Closes `part` when it is the one to drop. */
static bool
parts_has_more(zmq_msg_t *part, zmq_msg_t *excess)
{
	bool more = zmq_msg_more(part) != 0;

	if (part == excess)
		zmq_msg_close(part);
	return more;
}

/* All parts of one message, or false: nothing waits. */
static bool
parts_receive(struct parts *parts, void *zmq)
{
	zmq_msg_t excess, *part = NULL;

	parts->count = parts->excess = 0;
	do {
		bool fits = parts->count < PARTS_MAX;

		part = fits ? &parts->part[parts->count] : &excess;
		zmq_msg_init(part);
		if (zmq_msg_recv(part, zmq, ZMQ_DONTWAIT) < 0)
			return false;
		parts->count += fits ? 1 : 0;
		parts->excess += fits ? 0 : 1;
	} while (parts_has_more(part, &excess));
	return true;
}

static void
parts_release(struct parts *parts)
{
	while (parts->count > 0)
		zmq_msg_close(&parts->part[--parts->count]);
}

bool
parts_are(const struct parts *parts, size_t count)
{
	return parts->count == count && parts->excess == 0;
}

struct span
parts_span(struct parts *parts, size_t i)
{
	if (i >= parts->count)
		return span_of("");
	return span_make(
	    zmq_msg_data(&parts->part[i]), zmq_msg_size(&parts->part[i]));
}

const char *
parts_sender(struct parts *parts, size_t i)
{
	const char *code = zmq_msg_gets(&parts->part[i], "User-Id");

	return code != NULL && strlen(code) <= MEMBER_CODE_MAX ? code : NULL;
}

/* Also lets the socket do what its I/O threads have told it. */
bool
socket_has_message(const struct socket *socket)
{
	int events = 0;
	size_t size = sizeof(events);

	return zmq_getsockopt(socket->zmq, ZMQ_EVENTS, &events, &size) == 0 &&
	       (events & ZMQ_POLLIN) != 0;
}

void
socket_take(struct bus *bus, struct socket *socket)
{
	for (int i = 0; i < TURN; i++) {
		struct parts parts;
		bool whole = parts_receive(&parts, socket->zmq);

		if (whole)
			socket->take(bus, &parts);
		parts_release(&parts);
		if (!whole)
			return;
	}
}

static void
bus_on_wake(uv_poll_t *poll, int status, int events)
{
	(void)poll;
	(void)status;
	(void)events; /* `check` comes next and asks ZMQ_EVENTS */
}

void
socket_watch(struct bus *bus, struct socket *socket)
{
	size_t size = sizeof(int);
	int fd;

	zmq_getsockopt(socket->zmq, ZMQ_FD, &fd, &size);
	bus_must(uv_poll_init(&bus->loop, &socket->poll, fd));
	socket->poll.data = bus;
	uv_poll_start(&socket->poll, UV_READABLE, bus_on_wake);
}

static void
take_request(struct bus *bus, struct parts *parts)
{
	struct bus_route from = {0};
	const char *code;
	struct span id;

	if (!parts_are(parts, 2))
		return;
	id = parts_span(parts, 0);
	code = parts_sender(parts, 1);
	if (id.len > sizeof(from.id) || code == NULL)
		return;
	memcpy(from.code, code, strlen(code) + 1);
	memcpy(from.id, id.ptr, id.len);
	from.id_len = id.len;
	bus->settings.request(
	    bus->settings.context, &from, parts_span(parts, 1));
}

static void
take_live(struct bus *bus, struct parts *parts)
{
	if (parts_are(parts, 2))
		bus->settings.live_message(bus->settings.context,
		    parts_span(parts, 0), parts_span(parts, 1));
}

static void
take_reply(struct bus *bus, struct parts *parts)
{
	if (parts_are(parts, 1))
		bus->settings.reply(
		    bus->settings.context, parts_span(parts, 0));
}

/* A monitor's message begins with the event, 16 bits in host order. */
static void
take_link(struct bus *bus, struct parts *parts)
{
	struct span message = parts_span(parts, 0);
	uint16_t event;
	bool connected;

	if (message.len < sizeof(event))
		return;
	memcpy(&event, message.ptr, sizeof(event));
	connected = event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
	if (connected == bus->connected)
		return;
	bus->connected = connected;
	if (bus->settings.link != NULL)
		bus->settings.link(bus->settings.context, connected);
}

static void
socket_set(void *zmq, int option, int value)
{
	zmq_setsockopt(zmq, option, &value, sizeof(value));
}

static void
socket_set_limits(void *zmq, int64_t message_most)
{
	zmq_setsockopt(
	    zmq, ZMQ_MAXMSGSIZE, &message_most, sizeof(message_most));
	socket_set(zmq, ZMQ_HANDSHAKE_IVL, 10000);
	socket_set(zmq, ZMQ_HEARTBEAT_IVL, 5000);
	socket_set(zmq, ZMQ_HEARTBEAT_TIMEOUT, 15000);
	socket_set(zmq, ZMQ_RECONNECT_IVL, 100);
	socket_set(zmq, ZMQ_RECONNECT_IVL_MAX, 5000);
	socket_set(zmq, ZMQ_LINGER, 500);
	socket_set(zmq, ZMQ_TCP_KEEPALIVE, 1);
	socket_set(zmq, ZMQ_TCP_KEEPALIVE_IDLE, 60);
}

static void *
socket_new(struct bus *bus, enum place place, int type)
{
	void *zmq = zmq_socket(bus->zmq, type);

	bus->sockets[place].zmq = zmq;
	return zmq;
}

static enum err
bus_fault(struct why *why, const char *what, const char *endpoint)
{
	return why_set(why, ERR_NETWORK, "cannot %s %s: %s", what, endpoint,
	    zmq_strerror(errno));
}

/* A Z85 key; false when it is none. */
static bool
socket_set_key(void *zmq, int option, const char *key)
{
	return key != NULL && strlen(key) == BUS_KEY_LEN &&
	       zmq_setsockopt(zmq, option, key, BUS_KEY_LEN + 1) == 0;
}

/* IPv4 written as such stays IPv4: the bound endpoint is shown to people. */
static bool
endpoint_is_ipv4(const char *endpoint)
{
	return strchr(endpoint, '[') == NULL && strchr(endpoint, '*') == NULL;
}

enum err
socket_bind(void *zmq, const struct bus_settings *settings,
    const char *endpoint, char bound[BUS_ENDPOINT_MAX], struct why *why)
{
	size_t size = BUS_ENDPOINT_MAX;

	socket_set(zmq, ZMQ_IPV6, !endpoint_is_ipv4(endpoint));
	socket_set(zmq, ZMQ_CURVE_SERVER, 1);
	socket_set(zmq, ZMQ_ZAP_ENFORCE_DOMAIN, 1);
	if (zmq_setsockopt(zmq, ZMQ_ZAP_DOMAIN, BUS_ZAP_DOMAIN,
		strlen(BUS_ZAP_DOMAIN)) != 0 ||
	    !socket_set_key(zmq, ZMQ_CURVE_SECRETKEY, settings->secret_key))
		return why_set(why, ERR_CRYPTO, "not a CURVE key");
	if (zmq_bind(zmq, endpoint) != 0 ||
	    zmq_getsockopt(zmq, ZMQ_LAST_ENDPOINT, bound, &size) != 0)
		return bus_fault(why, "bind", endpoint);
	return ERR_OK;
}

static enum err
socket_connect(void *zmq, const struct bus_settings *settings,
    const char *endpoint, struct why *why)
{
	socket_set(zmq, ZMQ_IPV6, 1);
	if (!socket_set_key(zmq, ZMQ_CURVE_SERVERKEY, settings->parent_key) ||
	    !socket_set_key(zmq, ZMQ_CURVE_PUBLICKEY, settings->public_key) ||
	    !socket_set_key(zmq, ZMQ_CURVE_SECRETKEY, settings->secret_key))
		return why_set(why, ERR_CRYPTO, "not a CURVE key");
	if (zmq_connect(zmq, endpoint) != 0)
		return bus_fault(why, "connect to", endpoint);
	return ERR_OK;
}

void *
live_new(struct bus *bus)
{
	void *live = socket_new(bus, PLACE_LIVE, ZMQ_XPUB);

	if (live == NULL)
		return NULL;
	socket_set_limits(live, TOPIC_MOST);
	socket_set(live, ZMQ_XPUB_MANUAL, 1);
	socket_set(live, ZMQ_SNDHWM, LIVE_WAITING);
	return live;
}

/* The handler is bound before anybody can knock. */
enum err
bus_open_serving(
    struct bus *bus, const struct bus_settings *settings, struct why *why)
{
	void *zap = socket_new(bus, PLACE_ZAP, ZMQ_REP);
	void *live = live_new(bus);
	void *fetch = socket_new(bus, PLACE_FETCH, ZMQ_ROUTER);
	enum err err;

	if (zap == NULL || live == NULL || fetch == NULL)
		return bus_fault(why, "open", "sockets");
	bus->sockets[PLACE_ZAP].take = take_zap;
	bus->sockets[PLACE_LIVE].take = take_subscription;
	bus->sockets[PLACE_FETCH].take = take_request;
	socket_set(zap, ZMQ_LINGER, 0);
	if (zmq_bind(zap, BUS_ZAP_ENDPOINT) != 0)
		return bus_fault(why, "bind", BUS_ZAP_ENDPOINT);

	socket_set_limits(fetch, REQUEST_MOST);
	socket_set(fetch, ZMQ_SNDHWM, TALK_WAITING);
	socket_set(fetch, ZMQ_RCVHWM, TALK_WAITING);
	err = socket_bind(
	    live, settings, settings->live, bus->live_endpoint, why);
	if (err != ERR_OK)
		return err;
	return socket_bind(
	    fetch, settings, settings->fetch, bus->fetch_endpoint, why);
}

enum err
bus_open_following(
    struct bus *bus, const struct bus_settings *settings, struct why *why)
{
	void *follow = socket_new(bus, PLACE_FOLLOW, ZMQ_SUB);
	void *ask = socket_new(bus, PLACE_ASK, ZMQ_DEALER);
	void *link = socket_new(bus, PLACE_LINK, ZMQ_PAIR);
	enum err err;

	if (follow == NULL || ask == NULL || link == NULL)
		return bus_fault(why, "open", "sockets");
	bus->sockets[PLACE_FOLLOW].take = take_live;
	bus->sockets[PLACE_ASK].take = take_reply;
	bus->sockets[PLACE_LINK].take = take_link;
	socket_set(link, ZMQ_LINGER, 0);
	if (zmq_socket_monitor(ask, LINK_ENDPOINT,
		ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED) != 0 ||
	    zmq_connect(link, LINK_ENDPOINT) != 0)
		return bus_fault(why, "monitor", LINK_ENDPOINT);

	snprintf(bus->parent_live, sizeof(bus->parent_live), "%s",
	    settings->parent_live);
	snprintf(bus->parent_fetch, sizeof(bus->parent_fetch), "%s",
	    settings->parent_fetch);
	/* A refused knock shows as a handshake that does not end: the sooner it
	 * is given up, the sooner a new member gets in. */
	socket_set_limits(follow, MESSAGE_MOST);
	socket_set(follow, ZMQ_HANDSHAKE_IVL, 3000);
	socket_set(follow, ZMQ_RCVHWM, LIVE_WAITING);
	socket_set_limits(ask, MESSAGE_MOST);
	socket_set(ask, ZMQ_HANDSHAKE_IVL, 3000);
	socket_set(ask, ZMQ_SNDHWM, TALK_WAITING);
	socket_set(ask, ZMQ_RCVHWM, TALK_WAITING);
	err = socket_connect(follow, settings, settings->parent_live, why);
	if (err != ERR_OK)
		return err;
	return socket_connect(ask, settings, settings->parent_fetch, why);
}

/* A key counts for connections that are made after it was set, and a second
 * connection to the same endpoint is not made while there is one. */
static void
socket_dial(void *zmq, const char *endpoint, const char *key)
{
	zmq_disconnect(zmq, endpoint);
	if (!socket_set_key(zmq, ZMQ_CURVE_SERVERKEY, key) ||
	    zmq_connect(zmq, endpoint) != 0)
		log_error("bus.dial", "endpoint=%s why=\"%s\"", endpoint,
		    zmq_strerror(errno));
}

void
bus_dial(struct bus *bus, const char *parent_key)
{
	socket_dial(
	    bus->sockets[PLACE_FOLLOW].zmq, bus->parent_live, parent_key);
	socket_dial(bus->sockets[PLACE_ASK].zmq, bus->parent_fetch, parent_key);
}

/* The handler goes last, as it came first. */
void
bus_close_sockets(struct bus *bus)
{
	if (bus->sockets[PLACE_ASK].zmq != NULL)
		zmq_socket_monitor(bus->sockets[PLACE_ASK].zmq, NULL, 0);
	for (int i = PLACE_COUNT - 1; i >= 0; i--)
		if (bus->sockets[i].zmq != NULL)
			zmq_close(bus->sockets[i].zmq);
	zmq_ctx_term(bus->zmq);
}
