/*
 * bus: ZeroMQ sockets on a libuv loop.
 *
 * ZMQ_FD is edge-triggered and shared by everything that a socket does: it
 * says "look", once, and any call on the socket (a send, too) may swallow
 * that.  Only ZMQ_EVENTS says whether a message waits.  So the descriptors
 * merely wake the loop; before it sleeps, `prepare` asks every socket for its
 * events, and when one has a message, the idle handle keeps the loop awake;
 * after each wake-up, `check` takes at most TURN messages from each socket, so
 * that none starves the others or the jobs of other threads.
 */
#include "wire/bus.h"

#include <errno.h>
#include <stdlib.h>

#include <uv.h>
#include <zmq.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/work.h"

#define TURN 256
#define TICK_MS 100
#define PARTS_MAX 8 /* a ZAP request has seven */
#define ENDPOINT_MAX 256
#define KEY_RAW_LEN 32

#define ZAP_ENDPOINT "inproc://zeromq.zap.01" /* RFC 27 */
#define ZAP_DOMAIN "rongxin"
/* Without a handler nobody gets in.  4.3 has the option; its header hides the
 * name among the drafts. */
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif
#define LINK_ENDPOINT "inproc://link"

#define MESSAGE_MOST (16 << 20)
#define REQUEST_MOST (2 << 20)
#define TOPIC_MOST (4 << 10)
#define PREFIX_MOST 15 /* "pulse" is the longest there is */
/* Messages that wait for one slow peer; what comes then is dropped, and the
 * peer sees the gap or asks again. */
#define LIVE_WAITING 10000
#define REBIND_MS 20
#define TALK_WAITING 1000

enum place {
	PLACE_ZAP,    /* REP: who may come in */
	PLACE_LIVE,   /* XPUB, so that subscriptions are ours to grant */
	PLACE_FETCH,  /* ROUTER */
	PLACE_FOLLOW, /* SUB */
	PLACE_ASK,    /* DEALER */
	PLACE_LINK,   /* PAIR: monitor of PLACE_ASK */
	PLACE_COUNT
};

/* One message of several parts. */
struct parts {
	zmq_msg_t part[PARTS_MAX];
	size_t count;
	size_t excess; /* parts dropped */
};

struct socket {
	void *zmq; /* NULL: this bus has none */
	uv_poll_t poll;
	void (*take)(struct bus *bus, struct parts *parts);
};

/* What a peer was let to hear; kept after it went. */
struct grant {
	char code[MEMBER_CODE_MAX + 1];
	char prefix[PREFIX_MOST + 1];
};

struct bus {
	struct bus_settings settings; /* the callbacks; no text of it is kept */
	void *zmq;
	struct socket sockets[PLACE_COUNT];
	char live_endpoint[ENDPOINT_MAX];
	char fetch_endpoint[ENDPOINT_MAX];
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

enum job_kind {
	JOB_PUBLISH,
	JOB_REPLY,
	JOB_REQUEST,
	JOB_SUBSCRIBE,
	JOB_UNSUBSCRIBE,
	JOB_CALL,
	JOB_REVIEW,
	JOB_STOP
};

/* What another thread wants of the bus thread. */
struct job {
	enum job_kind kind;
	struct bus_route to;
	char *topic;
	void *bytes; /* ZeroMQ's from the moment they are sent */
	size_t len;
	void (*call)(void *argument);
	void *argument;
};

enum err
bus_make_keys(
    char public_key[BUS_KEY_LEN + 1], char secret_key[BUS_KEY_LEN + 1])
{
	return zmq_curve_keypair(public_key, secret_key) == 0 ? ERR_OK
							      : ERR_CRYPTO;
}

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

static struct span
parts_span(struct parts *parts, size_t i)
{
	return span_make(
	    zmq_msg_data(&parts->part[i]), zmq_msg_size(&parts->part[i]));
}

/* ZAP's credentials are the raw key; the member list has Z85. */
static bool
bus_admits(
    struct bus *bus, struct parts *request, char code[MEMBER_CODE_MAX + 1])
{
	char key[BUS_KEY_LEN + 1];
	struct span raw;

	if (request->count != 7 || request->excess > 0 ||
	    !span_is(parts_span(request, 0), "1.0") ||
	    !span_is(parts_span(request, 2), ZAP_DOMAIN) ||
	    !span_is(parts_span(request, 5), "CURVE"))
		return false;
	raw = parts_span(request, 6);
	if (raw.len != KEY_RAW_LEN)
		return false;
	zmq_z85_encode(key, (const uint8_t *)raw.ptr, raw.len);
	if (bus->settings.admit(bus->settings.context, key, code))
		return true;
	log_warn("bus.refused", "public_key=%s", key);
	return false;
}

/* To a "400" libzmq answers with an error, after which the peer's socket never
 * connects again; "300" merely leaves it waiting.  A member list may be a
 * moment behind its members, so everybody may knock again. */
static void
take_zap(struct bus *bus, struct parts *request)
{
	char code[MEMBER_CODE_MAX + 1] = "";
	void *zap = bus->sockets[PLACE_ZAP].zmq;
	bool admitted = bus_admits(bus, request, code);
	struct span id = {0};

	if (request->count > 1)
		id = parts_span(request, 1);
	zmq_send(zap, "1.0", 3, ZMQ_SNDMORE);
	zmq_send(zap, id.ptr, id.len, ZMQ_SNDMORE);
	zmq_send(zap, admitted ? "200" : "300", 3, ZMQ_SNDMORE);
	zmq_send(zap, "", 0, ZMQ_SNDMORE);
	zmq_send(zap, code, admitted ? strlen(code) : 0, ZMQ_SNDMORE);
	zmq_send(zap, "", 0, 0);
}

static void
bus_note_grant(struct bus *bus, const char *code, const char *prefix)
{
	struct grant *grant;
	size_t i;

	for (i = 0; i < bus->grant_count; i++)
		if (strcmp(bus->grants[i].code, code) == 0 &&
		    strcmp(bus->grants[i].prefix, prefix) == 0)
			return;
	if (bus->grant_count == bus->grant_size) {
		bus->grant_size =
		    bus->grant_size == 0 ? 64 : bus->grant_size * 2;
		bus->grants = mem_grow(
		    bus->grants, bus->grant_size * sizeof(*bus->grants));
	}
	grant = &bus->grants[bus->grant_count++];
	*grant = (struct grant){0};
	memcpy(grant->code, code, strlen(code));
	memcpy(grant->prefix, prefix, strlen(prefix));
}

static bool
bus_lets_hear(struct bus *bus, const char *code, const char *prefix)
{
	return bus->settings.hear == NULL ||
	       bus->settings.hear(bus->settings.context, code, prefix);
}

/* The socket leaves it to us whether what a peer just asked for begins; one
 * that was not granted is not missed when it ends. */
static void
take_subscription(struct bus *bus, struct parts *parts)
{
	void *live = bus->sockets[PLACE_LIVE].zmq;
	struct span message = parts_span(parts, 0), topic;
	char prefix[PREFIX_MOST + 1] = "";
	const char *code;

	if (parts->count != 1 || parts->excess > 0 || message.len == 0 ||
	    message.len > 1 + PREFIX_MOST)
		return;
	topic = span_make(message.ptr + 1, message.len - 1);
	memcpy(prefix, topic.ptr, topic.len);
	if (message.ptr[0] == 0) {
		zmq_setsockopt(live, ZMQ_UNSUBSCRIBE, topic.ptr, topic.len);
		return;
	}
	code = zmq_msg_gets(&parts->part[0], "User-Id");
	if (code == NULL || strlen(code) > MEMBER_CODE_MAX)
		return;
	if (bus_lets_hear(bus, code, prefix)) {
		bus_note_grant(bus, code, prefix);
		zmq_setsockopt(live, ZMQ_SUBSCRIBE, topic.ptr, topic.len);
	} else {
		log_warn("bus.refused", "peer=%s topic=%s", code,
		    strspn(prefix, "0123456789") == topic.len ? prefix : "?");
	}
}

static void
take_request(struct bus *bus, struct parts *parts)
{
	struct bus_route from = {0};
	const char *code;
	struct span id;

	if (parts->count != 2 || parts->excess > 0)
		return;
	id = parts_span(parts, 0);
	code = zmq_msg_gets(&parts->part[1], "User-Id");
	if (id.len > sizeof(from.id) || code == NULL ||
	    strlen(code) > MEMBER_CODE_MAX)
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
	if (parts->count == 2 && parts->excess == 0)
		bus->settings.live_message(bus->settings.context,
		    parts_span(parts, 0), parts_span(parts, 1));
}

static void
take_reply(struct bus *bus, struct parts *parts)
{
	if (parts->count == 1)
		bus->settings.reply(
		    bus->settings.context, parts_span(parts, 0));
}

/* A monitor's message begins with the event, 16 bits in host order. */
static void
take_link(struct bus *bus, struct parts *parts)
{
	uint16_t event;
	bool connected;

	if (parts->count == 0 || zmq_msg_size(&parts->part[0]) < sizeof(event))
		return;
	memcpy(&event, zmq_msg_data(&parts->part[0]), sizeof(event));
	connected = event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
	if (connected == bus->connected)
		return;
	bus->connected = connected;
	if (bus->settings.link != NULL)
		bus->settings.link(bus->settings.context, connected);
}

static void
bytes_free(void *bytes, void *hint)
{
	(void)hint;
	mem_free(bytes);
}

static bool
send_bytes(void *zmq, struct job *job)
{
	zmq_msg_t message;

	if (zmq_msg_init_data(
		&message, job->bytes, job->len, bytes_free, NULL) != 0)
		return false;
	job->bytes = NULL;
	if (zmq_msg_send(&message, zmq, ZMQ_DONTWAIT) >= 0)
		return true;
	zmq_msg_close(&message);
	return false;
}

static bool
send_behind(void *zmq, struct span first, struct job *job)
{
	return zmq_send(zmq, first.ptr, first.len,
		   ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
	       send_bytes(zmq, job);
}

static void
bus_send(struct bus *bus, struct job *job)
{
	struct socket *sockets = bus->sockets;
	bool sent;

	if (job->kind == JOB_PUBLISH)
		sent = send_behind(
		    sockets[PLACE_LIVE].zmq, span_of(job->topic), job);
	else if (job->kind == JOB_REPLY)
		sent = send_behind(sockets[PLACE_FETCH].zmq,
		    span_make(job->to.id, job->to.id_len), job);
	else
		sent = send_bytes(sockets[PLACE_ASK].zmq, job);
	if (!sent)
		metric_add(bus->dropped, 1);
}

static void bus_do_review(struct bus *bus);

static void
bus_on_job(void *context, void *argument)
{
	struct bus *bus = context;
	struct job *job = argument;
	void *follow = bus->sockets[PLACE_FOLLOW].zmq;

	switch (job->kind) {
	case JOB_PUBLISH:
	case JOB_REPLY:
	case JOB_REQUEST:
		bus_send(bus, job);
		break;
	case JOB_SUBSCRIBE:
		zmq_setsockopt(
		    follow, ZMQ_SUBSCRIBE, job->topic, strlen(job->topic));
		break;
	case JOB_UNSUBSCRIBE:
		zmq_setsockopt(
		    follow, ZMQ_UNSUBSCRIBE, job->topic, strlen(job->topic));
		break;
	case JOB_CALL:
		job->call(job->argument);
		break;
	case JOB_REVIEW:
		bus_do_review(bus);
		break;
	case JOB_STOP:
		bus->stopping = true;
		break;
	}
	mem_free(job->topic);
	mem_free(job->bytes);
	mem_free(job);
}

static void
bus_post_job(struct bus *bus, struct job job)
{
	mailbox_post(bus->mailbox, mem_copy(&job, sizeof(job)));
}

void
bus_publish(struct bus *bus, const char *topic, struct span message)
{
	bus_post_job(bus, (struct job){.kind = JOB_PUBLISH,
			      .topic = mem_text(topic),
			      .bytes = mem_copy(message.ptr, message.len),
			      .len = message.len});
}

void
bus_reply(struct bus *bus, const struct bus_route *to, struct span message)
{
	bus_post_job(bus, (struct job){.kind = JOB_REPLY,
			      .to = *to,
			      .bytes = mem_copy(message.ptr, message.len),
			      .len = message.len});
}

void
bus_request(struct bus *bus, struct span message)
{
	bus_post_job(bus, (struct job){.kind = JOB_REQUEST,
			      .bytes = mem_copy(message.ptr, message.len),
			      .len = message.len});
}

void
bus_subscribe(struct bus *bus, const char *topic_prefix)
{
	bus_post_job(bus, (struct job){.kind = JOB_SUBSCRIBE,
			      .topic = mem_text(topic_prefix)});
}

void
bus_unsubscribe(struct bus *bus, const char *topic_prefix)
{
	bus_post_job(bus, (struct job){.kind = JOB_UNSUBSCRIBE,
			      .topic = mem_text(topic_prefix)});
}

void
bus_post(struct bus *bus, void (*call)(void *argument), void *argument)
{
	bus_post_job(bus,
	    (struct job){.kind = JOB_CALL, .call = call, .argument = argument});
}

/* Also lets the socket do what its I/O threads have told it. */
static bool
socket_has_message(const struct socket *socket)
{
	int events = 0;
	size_t size = sizeof(events);

	return zmq_getsockopt(socket->zmq, ZMQ_EVENTS, &events, &size) == 0 &&
	       (events & ZMQ_POLLIN) != 0;
}

static void
bus_on_wake(uv_poll_t *poll, int status, int events)
{
	(void)poll;
	(void)status;
	(void)events; /* `check` comes next and asks ZMQ_EVENTS */
}

static void
bus_on_idle(uv_idle_t *idle)
{
	(void)idle; /* that it is active keeps the loop from sleeping */
}

static void
bus_on_prepare(uv_prepare_t *prepare)
{
	struct bus *bus = prepare->data;
	bool pending = false;

	for (int i = 0; i < PLACE_COUNT; i++) {
		struct socket *socket = &bus->sockets[i];

		if (socket->zmq != NULL && socket_has_message(socket))
			pending = true;
	}
	if (pending)
		uv_idle_start(&bus->idle, bus_on_idle);
	else
		uv_idle_stop(&bus->idle);
}

static void
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
bus_stop(struct bus *bus)
{
	mailbox_close(bus->mailbox);
	for (int i = 0; i < PLACE_COUNT; i++)
		if (bus->sockets[i].zmq != NULL)
			uv_close((uv_handle_t *)&bus->sockets[i].poll, NULL);
	uv_close((uv_handle_t *)&bus->prepare, NULL);
	uv_close((uv_handle_t *)&bus->check, NULL);
	uv_close((uv_handle_t *)&bus->idle, NULL);
	uv_close((uv_handle_t *)&bus->timer, NULL);
	uv_close((uv_handle_t *)&bus->rebind, NULL);
}

static void
bus_on_check(uv_check_t *check)
{
	struct bus *bus = check->data;

	if (bus->stopping) {
		bus_stop(bus);
		return;
	}
	for (int i = 0; i < PLACE_COUNT; i++) {
		struct socket *socket = &bus->sockets[i];

		if (socket->zmq != NULL && socket->take != NULL)
			socket_take(bus, socket);
	}
}

static void
bus_on_timer(uv_timer_t *timer)
{
	struct bus *bus = timer->data;

	bus->settings.tick(bus->settings.context);
}

static void
bus_run(void *argument)
{
	struct bus *bus = argument;

	uv_run(&bus->loop, UV_RUN_DEFAULT);
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

static enum err
socket_bind(void *zmq, const struct bus_settings *settings,
    const char *endpoint, char bound[ENDPOINT_MAX], struct why *why)
{
	size_t size = ENDPOINT_MAX;

	socket_set(zmq, ZMQ_IPV6, !endpoint_is_ipv4(endpoint));
	socket_set(zmq, ZMQ_CURVE_SERVER, 1);
	socket_set(zmq, ZMQ_ZAP_ENFORCE_DOMAIN, 1);
	if (zmq_setsockopt(
		zmq, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN)) != 0 ||
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

static void *
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
static enum err
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
	if (zmq_bind(zap, ZAP_ENDPOINT) != 0)
		return bus_fault(why, "bind", ZAP_ENDPOINT);

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

static enum err
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

/* The handler goes last, as it came first. */
static void
bus_close_sockets(struct bus *bus)
{
	if (bus->sockets[PLACE_ASK].zmq != NULL)
		zmq_socket_monitor(bus->sockets[PLACE_ASK].zmq, NULL, 0);
	for (int i = PLACE_COUNT - 1; i >= 0; i--)
		if (bus->sockets[i].zmq != NULL)
			zmq_close(bus->sockets[i].zmq);
	zmq_ctx_term(bus->zmq);
}

/* A loop that cannot be made means that the process is out of descriptors or
 * memory before it did anything. */
static void
loop_must(int result)
{
	if (result != 0)
		abort();
}

static void
socket_watch(struct bus *bus, struct socket *socket)
{
	size_t size = sizeof(int);
	int fd;

	zmq_getsockopt(socket->zmq, ZMQ_FD, &fd, &size);
	loop_must(uv_poll_init(&bus->loop, &socket->poll, fd));
	socket->poll.data = bus;
	uv_poll_start(&socket->poll, UV_READABLE, bus_on_wake);
}

/* The port is free when libzmq's threads have let go of it. */
static void
bus_on_rebind(uv_timer_t *timer)
{
	struct bus *bus = timer->data;
	struct socket *live = &bus->sockets[PLACE_LIVE];
	struct bus_settings again = {0};
	char endpoint[ENDPOINT_MAX], key[BUS_KEY_LEN + 1];
	size_t size = sizeof(key);
	struct why why = {""};

	zmq_getsockopt(
	    bus->sockets[PLACE_FETCH].zmq, ZMQ_CURVE_SECRETKEY, key, &size);
	again.secret_key = key;
	memcpy(endpoint, bus->live_endpoint, sizeof(endpoint));
	live->zmq = live_new(bus);
	if (live->zmq != NULL && socket_bind(live->zmq, &again, endpoint,
				     bus->live_endpoint, &why) == ERR_OK) {
		uv_timer_stop(timer);
		socket_watch(bus, live);
		return;
	}
	memcpy(bus->live_endpoint, endpoint, sizeof(endpoint));
	if (live->zmq != NULL)
		zmq_close(live->zmq);
	live->zmq = NULL;
}

static void
bus_on_live_closed(uv_handle_t *poll)
{
	struct bus *bus = poll->data;

	if (!bus->stopping)
		uv_timer_start(&bus->rebind, bus_on_rebind, 0, REBIND_MS);
}

/* libzmq cannot end one subscription of one peer; so all of them end. */
static void
bus_cut_followers(struct bus *bus)
{
	struct socket *live = &bus->sockets[PLACE_LIVE];

	log_info("bus.renew", "live=%s", bus->live_endpoint);
	bus->grant_count = 0;
	uv_poll_stop(&live->poll);
	zmq_close(live->zmq);
	live->zmq = NULL;
	uv_close((uv_handle_t *)&live->poll, bus_on_live_closed);
}

static void
bus_do_review(struct bus *bus)
{
	size_t i;

	if (bus->sockets[PLACE_LIVE].zmq == NULL)
		return;
	for (i = 0; i < bus->grant_count; i++)
		if (!bus_lets_hear(
			bus, bus->grants[i].code, bus->grants[i].prefix))
			break;
	if (i < bus->grant_count)
		bus_cut_followers(bus);
}

void
bus_review(struct bus *bus)
{
	bus_post_job(bus, (struct job){.kind = JOB_REVIEW});
}

static void
bus_init_loop(struct bus *bus)
{
	loop_must(uv_loop_init(&bus->loop));
	bus->mailbox = mailbox_open_loop(&bus->loop, bus_on_job, bus);
	uv_prepare_init(&bus->loop, &bus->prepare);
	uv_check_init(&bus->loop, &bus->check);
	uv_idle_init(&bus->loop, &bus->idle);
	uv_timer_init(&bus->loop, &bus->timer);
	uv_timer_init(&bus->loop, &bus->rebind);
	bus->rebind.data = bus;
	bus->prepare.data = bus->check.data = bus->timer.data = bus;
	uv_prepare_start(&bus->prepare, bus_on_prepare);
	uv_check_start(&bus->check, bus_on_check);
	if (bus->settings.tick != NULL)
		uv_timer_start(&bus->timer, bus_on_timer, TICK_MS, TICK_MS);
	for (int i = 0; i < PLACE_COUNT; i++) {
		if (bus->sockets[i].zmq != NULL)
			socket_watch(bus, &bus->sockets[i]);
	}
}

struct bus *
bus_open(const struct bus_settings *settings, struct why *why)
{
	struct bus *bus = mem_new(sizeof(*bus));
	enum err err = ERR_OK;

	bus->settings = *settings;
	bus->dropped = metric_counter("rongxin_bus_dropped_total", "",
	    "Messages that a full or absent peer did not take.");
	bus->zmq = zmq_ctx_new();
	if (settings->io_threads > 0)
		zmq_ctx_set(
		    bus->zmq, ZMQ_IO_THREADS, (int)settings->io_threads);
	if (settings->live != NULL)
		err = bus_open_serving(bus, settings, why);
	if (err == ERR_OK && settings->parent_live != NULL)
		err = bus_open_following(bus, settings, why);
	if (err != ERR_OK) {
		bus_close_sockets(bus);
		mem_free(bus);
		return NULL;
	}
	bus_init_loop(bus);
	loop_must(uv_thread_create(&bus->thread, bus_run, bus));
	return bus;
}

void
bus_close(struct bus *bus)
{
	if (bus == NULL)
		return;
	bus_post_job(bus, (struct job){.kind = JOB_STOP});
	uv_thread_join(&bus->thread);
	uv_loop_close(&bus->loop);
	bus_close_sockets(bus);
	mem_free(bus->grants);
	mem_free(bus);
}

const char *
bus_live_endpoint(const struct bus *bus)
{
	return bus->live_endpoint;
}

const char *
bus_fetch_endpoint(const struct bus *bus)
{
	return bus->fetch_endpoint;
}
