/*
 * relay: this node as the parent of others.
 */
#include "node/relay.h"

#include <stdatomic.h>
#include <stdio.h>

#include "base/codec.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/version.h"
#include "base/work.h"
#include "node/shelf.h"
#include "node/window.h"
#include "node/world.h"

#define WAITING_MAX 4096

struct relay {
	struct relay_settings settings;
	struct worker *worker;
	struct shelf *shelf;
	_Atomic(struct bus *) bus;
};

/* One request of one child. */
struct errand {
	struct relay *relay;
	struct bus_route from;
	struct buf message;
	uint64_t ticket;
};

static void
errand_free(struct errand *errand)
{
	buf_release(&errand->message);
	mem_free(errand);
}

static void
errand_reply(struct errand *errand, struct reply *reply)
{
	struct bus *bus = atomic_load(&errand->relay->bus);
	struct buf bytes = {0};

	if (bus == NULL)
		return;
	reply->ticket = errand->ticket;
	pack_reply(reply, &bytes);
	bus_reply(bus, &errand->from, buf_span(&bytes));
	buf_release(&bytes);
}

static void
errand_refuse(struct errand *errand, const char *reason)
{
	struct reply reply = {.kind = REPLY_REFUSAL, .reason = span_of(reason)};

	errand_reply(errand, &reply);
	log_warn("relay.refused", "reason=%s", reason);
}

static void
errand_hello(struct errand *errand, const struct request *request)
{
	struct reply welcome = {.kind = REPLY_WELCOME,
	    .protocol = request->protocol,
	    .software = span_of("rongxin-node " RONGXIN_VERSION)};
	struct reply refusal = {.kind = REPLY_REFUSAL,
	    .reason = span_of("protocol"),
	    .protocol_newest = PROTOCOL_NEWEST,
	    .protocol_oldest = PROTOCOL_OLDEST};
	const struct buf *pulse;
	struct shared *pulses;

	if (!protocol_is_spoken(request->protocol)) {
		errand_reply(errand, &refusal);
		log_warn("relay.refused", "reason=protocol child=%s asked=%u",
		    errand->from.code, request->protocol);
		return;
	}
	welcome.code = span_of(errand->relay->settings.own_code);
	pulses = follow_pulses(errand->relay->settings.follow);
	pulse = shared_hold(pulses);
	if (pulse != NULL && request->protocol >= PROTOCOL_USAGE)
		welcome.pulse = buf_span(pulse);
	errand_reply(errand, &welcome);
	shared_drop(pulses, pulse);
	log_info("relay.hello", "child=%s", errand->from.code);
}

static void
errand_fetch(struct errand *errand, const struct request *request)
{
	struct arena *arena = arena_new();
	struct reply reply = {.kind = REPLY_BATCHES};

	if (window_read(errand->relay->settings.store, request, arena,
		&reply) == ERR_OK)
		errand_reply(errand, &reply);
	else
		errand_refuse(errand, "busy");
	arena_free(arena);
}

static void
errand_read_image(
    struct errand *errand, const struct request *request, struct image *image)
{
	bool page = request->kind == REQUEST_SNAPSHOT;
	struct reply reply = {.kind = page ? REPLY_SNAPSHOT : REPLY_CHUNK};
	struct buf bytes = {0};
	struct why why = {""};
	enum err err;

	if (page)
		err = image_pack_page(image, request->number, &bytes, &why);
	else
		err = image_pack_chunk(image, request->number, &bytes, &why);
	reply.image = buf_span(&bytes);
	if (err == ERR_OK) {
		errand_reply(errand, &reply);
	} else {
		log_error("relay.store", "why=\"%s\"", why.text);
		errand_refuse(errand, err == ERR_MISSING ? "invalid" : "gone");
	}
	buf_release(&bytes);
}

/* Of a chunk the position is known, since its index is. */
static void
errand_image(struct errand *errand, const struct request *request)
{
	struct shelf_wish wish = {request->stream, request->position,
	    request->kind == REQUEST_SNAPSHOT ? request->after : 0};
	struct reply refusal = {.kind = REPLY_REFUSAL};
	struct image *image;
	enum err err;

	if (request->kind == REQUEST_CHUNK && request->position == 0) {
		errand_refuse(errand, "invalid");
		return;
	}
	err = shelf_find(errand->relay->shelf, &wish, &image);
	if (err == ERR_OK) {
		errand_read_image(errand, request, image);
		return;
	}
	refusal.reason = span_of(err == ERR_BUSY ? "preparing" : "gone");
	errand_reply(errand, &refusal);
}

/* The follow thread has it on disk: now the child may forget it. */
static void
errand_on_kept(void *context, enum courier_outcome outcome)
{
	struct errand *errand = context;
	struct reply taken = {.kind = REPLY_TAKEN};

	if (outcome == COURIER_KEPT)
		errand_reply(errand, &taken);
	else
		errand_refuse(errand, "busy");
	errand_free(errand);
}

/* What the hub said goes on to the child; without it the child asks again. */
static void
errand_on_forwarded(void *context, struct reply *reply)
{
	struct errand *errand = context;

	if (reply != NULL &&
	    (reply->kind == REPLY_COUNTED || reply->kind == REPLY_TAKEN ||
		reply->kind == REPLY_FEED || reply->kind == REPLY_REFUSAL))
		errand_reply(errand, reply);
	errand_free(errand);
}

/* Whoever made it must be a platform on the list and have signed it. */
static bool
errand_is_signed(struct errand *errand, struct span bytes,
    struct upward *upward, struct arena *arena)
{
	struct shared *shared = errand->relay->settings.world;
	const struct world *world = shared_hold(shared);
	const struct member *origin = NULL;
	struct verifier *verifier = NULL;
	struct buf raw = {0};
	bool valid;

	if (unpack_upward(bytes, NULL, arena, upward) == ERR_OK)
		origin = world_find(world,
		    arena_text(arena, upward->origin.ptr, upward->origin.len));
	if (origin != NULL && origin->kind == MEMBER_PLATFORM &&
	    origin->status == MEMBER_ACTIVE &&
	    codec_parse_hex(span_of(origin->sign_key), &raw) && raw.len == 32)
		verifier = verifier_new((const uint8_t *)raw.data);
	shared_drop(shared, world);
	valid = verifier != NULL &&
		unpack_upward(bytes, verifier, arena, upward) == ERR_OK;
	verifier_free(verifier);
	buf_release(&raw);
	return valid;
}

/* True: the errand goes on elsewhere. */
static bool
errand_upward(
    struct errand *errand, const struct request *request, struct arena *arena)
{
	struct reply taken = {.kind = REPLY_TAKEN};
	struct letter *letter;
	struct upward upward;

	if (!errand_is_signed(errand, request->upward, &upward, arena)) {
		errand_refuse(errand, "invalid");
		return false;
	}
	if (upward.kind == UPWARD_STATUS || upward.kind == UPWARD_ALERTS) {
		follow_pass_on(errand->relay->settings.follow, request->upward);
		errand_reply(errand, &taken);
		return false;
	}
	if (upward.kind == UPWARD_USAGE || upward.kind == UPWARD_FEED ||
	    upward.kind == UPWARD_MATERIAL) {
		follow_forward(errand->relay->settings.follow, request->upward,
		    errand_on_forwarded, errand);
		return true;
	}
	letter = mem_new(sizeof(*letter));
	letter->kind = upward.kind;
	letter->is_packed = true;
	buf_add(&letter->document, request->upward.ptr, request->upward.len);
	letter->done = errand_on_kept;
	letter->context = errand;
	follow_carry(errand->relay->settings.follow, letter);
	return true;
}

/* Struck off since it came in: refused on its next message. */
static bool
errand_may(struct errand *errand, const struct request *request)
{
	struct shared *shared = errand->relay->settings.world;
	const struct world *world = shared_hold(shared);
	const struct member *child = world_find(world, errand->from.code);
	bool may = child != NULL && child->kind == MEMBER_PLATFORM &&
		   child->status == MEMBER_ACTIVE;

	if (may && (request->kind == REQUEST_FETCH ||
		       request->kind == REQUEST_SNAPSHOT ||
		       request->kind == REQUEST_CHUNK))
		may = strcmp(request->stream, STREAM_CONTROL) == 0 ||
		      member_holds(child, request->stream);
	shared_drop(shared, world);
	return may;
}

static bool
errand_run(struct errand *errand, struct arena *arena)
{
	struct request request;

	if (unpack_request(buf_span(&errand->message), arena, &request) !=
	    ERR_OK) {
		errand_refuse(errand, "invalid");
		return false;
	}
	errand->ticket = request.ticket;
	if (!errand_may(errand, &request))
		errand_refuse(errand, "not_yours");
	else if (request.kind == REQUEST_HELLO)
		errand_hello(errand, &request);
	else if (request.kind == REQUEST_FETCH)
		errand_fetch(errand, &request);
	else if (request.kind != REQUEST_UPWARD)
		errand_image(errand, &request);
	else
		return errand_upward(errand, &request, arena);
	return false;
}

static void
relay_on_job(void *context, void *job)
{
	struct arena *arena = arena_new();
	struct errand *errand = job;

	(void)context;
	if (!errand_run(errand, arena))
		errand_free(errand);
	arena_free(arena);
}

static void
relay_on_doubt(void *context, const char *stream)
{
	struct relay *relay = context;

	follow_doubt(relay->settings.follow, stream);
}

struct relay *
relay_new(const struct relay_settings *settings, struct why *why)
{
	struct relay *relay = mem_new(sizeof(*relay));
	struct shelf_settings shelf = {.store = settings->store,
	    .room = settings->room,
	    .keep_us = settings->snapshot_us,
	    .doubt = relay_on_doubt,
	    .context = relay};

	relay->settings = *settings;
	relay->shelf = shelf_open(&shelf, why);
	if (relay->shelf == NULL) {
		mem_free(relay);
		return NULL;
	}
	relay->worker = worker_new("relay", relay_on_job, NULL, 0, relay);
	return relay;
}

void
relay_attach(struct relay *relay, struct bus *bus)
{
	atomic_store(&relay->bus, bus);
}

void
relay_stop(struct relay *relay)
{
	worker_stop(relay->worker);
	shelf_stop(relay->shelf);
}

void
relay_free(struct relay *relay)
{
	if (relay == NULL)
		return;
	worker_free(relay->worker);
	shelf_free(relay->shelf);
	mem_free(relay);
}

bool
relay_may_enter(
    struct relay *relay, const char *public_key, char code[MEMBER_CODE_MAX + 1])
{
	struct shared *shared = relay->settings.world;
	const struct world *world = shared_hold(shared);
	const struct member *child = world_find_platform(world, public_key);
	bool enters = child != NULL;

	if (enters)
		memcpy(code, child->code, sizeof(child->code));
	shared_drop(shared, world);
	return enters;
}

bool
relay_may_hear(struct relay *relay, const char *code, const char *topic_prefix)
{
	struct shared *shared = relay->settings.world;
	const struct world *world = shared_hold(shared);
	const struct member *child = world_find(world, code);
	bool may = child != NULL && member_may_hear(child, topic_prefix);

	shared_drop(shared, world);
	return may;
}

void
relay_on_request(
    struct relay *relay, const struct bus_route *from, struct span message)
{
	struct errand *errand = mem_new(sizeof(*errand));

	errand->relay = relay;
	errand->from = *from;
	buf_add(&errand->message, message.ptr, message.len);
	if (!worker_post(relay->worker, errand, WAITING_MAX))
		errand_free(errand);
}
