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

#include <stdlib.h>

#include <zmq.h>

#include "base/mem.h"
#include "wire/bus_inner.h"

#define TICK_MS 100

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

enum err
bus_public_key(const char *secret_key, char public_key[BUS_KEY_LEN + 1])
{
	return zmq_curve_public(public_key, secret_key) == 0 ? ERR_OK
							     : ERR_CRYPTO;
}

/* A loop that cannot be made means that the process is out of descriptors or
 * memory before it did anything. */
void
bus_must(int result)
{
	if (result != 0)
		abort();
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

void
bus_review(struct bus *bus)
{
	bus_post_job(bus, (struct job){.kind = JOB_REVIEW});
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
bus_init_loop(struct bus *bus)
{
	bus_must(uv_loop_init(&bus->loop));
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
	bus_must(uv_thread_create(&bus->thread, bus_run, bus));
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
