/*
 * bus_zap: who comes in, and what each may hear.
 *
 * ZAP (RFC 27) asks about each connection, XPUB about each subscription.  What
 * was granted is kept, because libzmq cannot take back one peer's: when one
 * may no longer be, the socket is made anew.
 */
#include <string.h>

#include <zmq.h>

#include "base/log.h"
#include "base/mem.h"
#include "wire/bus_inner.h"

#define KEY_RAW_LEN 32
#define REBIND_MS 20

/* ZAP's credentials are the raw key; the member list has Z85. */
static bool
bus_admits(
    struct bus *bus, struct parts *request, char code[MEMBER_CODE_MAX + 1])
{
	char key[BUS_KEY_LEN + 1];
	struct span raw;

	if (!parts_are(request, 7) || !span_is(parts_span(request, 0), "1.0") ||
	    !span_is(parts_span(request, 2), BUS_ZAP_DOMAIN) ||
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
void
take_zap(struct bus *bus, struct parts *request)
{
	char code[MEMBER_CODE_MAX + 1] = "";
	void *zap = bus->sockets[PLACE_ZAP].zmq;
	bool admitted = bus_admits(bus, request, code);
	struct span id = parts_span(request, 1);

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
void
take_subscription(struct bus *bus, struct parts *parts)
{
	void *live = bus->sockets[PLACE_LIVE].zmq;
	struct span message = parts_span(parts, 0), topic;
	char prefix[BUS_PREFIX_MOST + 1] = "";
	const char *code;

	if (!parts_are(parts, 1) || message.len == 0 ||
	    message.len > 1 + BUS_PREFIX_MOST)
		return;
	topic = span_make(message.ptr + 1, message.len - 1);
	memcpy(prefix, topic.ptr, topic.len);
	if (message.ptr[0] == 0) {
		zmq_setsockopt(live, ZMQ_UNSUBSCRIBE, topic.ptr, topic.len);
		return;
	}
	code = parts_sender(parts, 0);
	if (code == NULL)
		return;
	if (bus_lets_hear(bus, code, prefix)) {
		bus_note_grant(bus, code, prefix);
		zmq_setsockopt(live, ZMQ_SUBSCRIBE, topic.ptr, topic.len);
	} else {
		log_warn("bus.refused", "peer=%s topic=%s", code,
		    strspn(prefix, "0123456789") == topic.len ? prefix : "?");
	}
}

/* The port is free when libzmq's threads have let go of it. */
static void
bus_on_rebind(uv_timer_t *timer)
{
	struct bus *bus = timer->data;
	struct socket *live = &bus->sockets[PLACE_LIVE];
	struct bus_settings again = {0};
	char endpoint[BUS_ENDPOINT_MAX], key[BUS_KEY_LEN + 1];
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

void
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
