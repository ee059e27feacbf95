/*
 * parent: the conversation with the node's parent.
 */
#include "node/parent.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/version.h"

#define CREDITS 64
#define AT_ONCE 2 /* streams fetched at a time: 8 MiB each at most */
#define RETRY_US (5 * CLOCK_SECOND)
#define LOADING_US (60 * CLOCK_SECOND)
#define TOPIC_PULSE "pulse"
#define ENDPOINT_MAX 256

struct parent {
	char code[MEMBER_CODE_MAX + 1];
	struct bus *bus; /* NULL: not attached */
	struct followed **streams;
	size_t count, size;
	size_t turn; /* where the next pump begins */
	size_t load_turn;
	uint64_t ticket;
	unsigned protocol;        /* asked for, or agreed on */
	uint64_t hello;           /* its ticket; 0: it was answered */
	int64_t hello_us;         /* monotonic: when it was sent */
	bool welcome, alien;      /* agreed; nothing to agree on */
	struct member subscribed; /* topics of these divisions */
	char endpoint[ENDPOINT_MAX];
	char peer[ENDPOINT_MAX + MEMBER_CODE_MAX + 2];
};

struct parent *
parent_new(const char *own_code)
{
	struct parent *parent = mem_new(sizeof(*parent));

	snprintf(parent->code, sizeof(parent->code), "%s", own_code);
	return parent;
}

void
parent_free(struct parent *parent)
{
	size_t i;

	if (parent == NULL)
		return;
	for (i = 0; i < parent->count; i++)
		mem_free(parent->streams[i]);
	mem_free(parent->streams);
	mem_free(parent);
}

static void
parent_name_peer(struct parent *parent, struct span code)
{
	if (code.len == 0 || code.len > MEMBER_CODE_MAX)
		code = span_of("hub");
	snprintf(parent->peer, sizeof(parent->peer), "%.*s@%s", (int)code.len,
	    code.ptr, parent->endpoint);
}

void
parent_set_endpoint(struct parent *parent, const char *endpoint)
{
	snprintf(parent->endpoint, sizeof(parent->endpoint), "%s", endpoint);
	parent_name_peer(parent, span_of("?"));
}

const char *
parent_peer(const struct parent *parent)
{
	return parent->peer;
}

uint64_t
parent_send(struct parent *parent, struct request *request)
{
	struct buf bytes = {0};

	if (parent->bus == NULL)
		return 0;
	request->ticket = ++parent->ticket;
	pack_request(request, &bytes);
	bus_request(parent->bus, buf_span(&bytes));
	buf_release(&bytes);
	return request->ticket;
}

static void
parent_hello(struct parent *parent, unsigned protocol)
{
	struct request hello = {.kind = REQUEST_HELLO,
	    .protocol = protocol,
	    .software = span_of("rongxin-node " RONGXIN_VERSION)};

	hello.code = span_of(parent->code);
	parent->protocol = protocol;
	parent->welcome = false;
	parent->hello = parent_send(parent, &hello);
	parent->hello_us = clock_tick_us();
}

/* The parent may be of the version before ours, and says so, or, if it is
 * older than that custom, merely refuses. */
static void
parent_on_protocol(struct parent *parent, const struct reply *reply)
{
	if (parent->protocol > PROTOCOL_OLDEST) {
		parent_hello(parent, parent->protocol - 1);
		return;
	}
	parent->hello = 0;
	parent->alien = true;
	log_error("follow.protocol",
	    "peer=%s refused=1 ours=%d-%d theirs=%u-%u", parent->peer,
	    PROTOCOL_OLDEST, PROTOCOL_NEWEST, reply->protocol_oldest,
	    reply->protocol_newest);
}

static void
parent_on_welcome(struct parent *parent, const struct reply *reply)
{
	parent_name_peer(parent, reply->code);
	parent->hello = 0;
	parent->alien = false;
	parent->welcome = true;
	if (protocol_is_spoken(reply->protocol))
		parent->protocol = reply->protocol;
	log_info("follow.protocol", "peer=%s agreed=%u", parent->peer,
	    parent->protocol);
}

unsigned
parent_protocol(const struct parent *parent)
{
	return parent->welcome ? parent->protocol : 0;
}

void
parent_attach(struct parent *parent, struct bus *bus)
{
	parent->bus = bus;
	/* After a restart replies to the former process find nobody. */
	parent->ticket = (uint64_t)clock_now_us();
	bus_subscribe(bus, STREAM_CONTROL);
	bus_subscribe(bus, TOPIC_PULSE);
	parent_hello(parent, PROTOCOL_NEWEST);
}

void
parent_on_link(struct parent *parent)
{
	size_t i;

	parent_hello(parent, PROTOCOL_NEWEST);
	for (i = 0; i < parent->count; i++) {
		parent->streams[i]->ticket = 0;
		parent->streams[i]->vain_us = 0;
	}
	parent_pump(parent);
}

struct followed *
parent_find(struct parent *parent, const char *stream)
{
	size_t i;

	for (i = 0; i < parent->count; i++)
		if (strcmp(parent->streams[i]->state.chain.stream, stream) == 0)
			return parent->streams[i];
	return NULL;
}

struct followed *
parent_at(struct parent *parent, size_t index)
{
	return index < parent->count ? parent->streams[index] : NULL;
}

struct followed *
parent_follow(struct parent *parent, const struct stream_state *state)
{
	struct followed *followed = parent_find(parent, state->chain.stream);

	if (followed != NULL)
		return followed;
	if (parent->count == parent->size) {
		parent->size = parent->size == 0 ? 16 : parent->size * 2;
		parent->streams = mem_grow(
		    parent->streams, parent->size * sizeof(*parent->streams));
	}
	followed = mem_new(sizeof(*followed));
	followed->state = *state;
	followed->phase = FOLLOWED_UNKNOWN;
	parent->streams[parent->count++] = followed;
	return followed;
}

void
parent_leave(struct parent *parent, struct followed *followed)
{
	size_t i = 0;

	while (parent->streams[i] != followed)
		i++;
	parent->count--;
	memmove(&parent->streams[i], &parent->streams[i + 1],
	    (parent->count - i) * sizeof(*parent->streams));
	mem_free(followed);
}

static bool
is_new(const struct member *before, const char *division)
{
	return !region_is_county(division) &&
	       !member_has_division(before, division);
}

/* A division is a prefix of its streams' topics, so a node needs as many
 * subscriptions as it has divisions.  A county has no stream. */
void
parent_subscribe(struct parent *parent, const struct member *self)
{
	static const struct member nobody;
	const struct member *next = self != NULL ? self : &nobody;
	const struct member *before = &parent->subscribed;
	size_t i;

	if (parent->bus == NULL)
		return;
	for (i = 0; i < next->division_count; i++)
		if (is_new(before, next->divisions[i]))
			bus_subscribe(parent->bus, next->divisions[i]);
	for (i = 0; i < before->division_count; i++)
		if (is_new(next, before->divisions[i]))
			bus_unsubscribe(parent->bus, before->divisions[i]);
	parent->subscribed = *next;
}

/* All that anybody named is here. */
static void
followed_settle(struct followed *followed)
{
	followed->phase = FOLLOWED_LIVE;
	followed->vain_us = 0;
}

static bool
followed_is_behind(const struct followed *followed)
{
	return followed->phase == FOLLOWED_UNKNOWN ||
	       followed->state.chain.position < followed->newest;
}

bool
parent_is_far_ahead(const struct parent *parent, uint64_t changes)
{
	const struct followed *followed;
	uint64_t missing = 0;
	size_t i;

	for (i = 0; i < parent->count; i++) {
		followed = parent->streams[i];
		if (followed->phase == FOLLOWED_LOADING)
			return true;
		if (followed->newest > followed->state.chain.position)
			missing +=
			    followed->newest - followed->state.chain.position;
	}
	return missing > changes;
}

void
parent_heard(struct followed *followed, uint64_t newest)
{
	if (newest > followed->newest)
		followed->newest = newest;
	if (followed->phase == FOLLOWED_LIVE && followed_is_behind(followed))
		followed->phase = FOLLOWED_FETCHING;
}

void
parent_told(struct followed *followed, uint64_t newest)
{
	uint64_t position = followed->state.chain.position;

	followed->newest = newest > position ? newest : position;
	if (followed->phase == FOLLOWED_LIVE && followed_is_behind(followed))
		followed->phase = FOLLOWED_FETCHING;
	else if (followed->phase == FOLLOWED_FETCHING &&
		 !followed_is_behind(followed))
		followed_settle(followed);
}

void
parent_applied(struct followed *followed)
{
	if (followed->newest < followed->state.chain.position)
		followed->newest = followed->state.chain.position;
	followed_settle(followed);
	if (followed_is_behind(followed))
		followed->phase = FOLLOWED_FETCHING;
}

void
parent_refused(struct followed *followed)
{
	if (followed->phase == FOLLOWED_LOADING)
		return;
	followed->phase = FOLLOWED_FETCHING;
	followed->not_before_us = clock_tick_us() + RETRY_US;
}

void
parent_needs_image(struct followed *followed)
{
	if (followed->phase == FOLLOWED_LOADING)
		return;
	followed->phase = FOLLOWED_LOADING;
	followed->loading_us = clock_tick_us();
	followed->not_before_us = 0;
	followed->vain_us = 0;
}

void
parent_ask_control(struct parent *parent)
{
	struct followed *control = parent_find(parent, STREAM_CONTROL);

	if (control != NULL && control->phase == FOLLOWED_LIVE)
		control->phase = FOLLOWED_UNKNOWN;
}

static bool
followed_may_load(const struct followed *followed)
{
	return followed->phase == FOLLOWED_LOADING &&
	       clock_tick_us() >= followed->not_before_us;
}

struct followed *
parent_take_load(struct parent *parent)
{
	struct followed *next = parent_find(parent, STREAM_CONTROL);
	size_t i;

	if (parent->bus == NULL)
		return NULL;
	if (next != NULL && !followed_may_load(next))
		next = NULL;
	for (i = 0; i < parent->count && next == NULL; i++) {
		next = parent->streams[parent->load_turn++ % parent->count];
		if (!followed_may_load(next))
			next = NULL;
	}
	if (next != NULL)
		next->not_before_us = INT64_MAX;
	return next;
}

void
parent_load_again(
    struct followed *followed, int64_t pause_us, bool with_batches)
{
	int64_t now_us = clock_tick_us();

	if (with_batches || now_us - followed->loading_us > LOADING_US)
		followed->phase = FOLLOWED_FETCHING;
	followed->not_before_us = now_us + pause_us;
}

void
parent_loaded(struct followed *followed)
{
	followed->not_before_us = 0;
	parent_applied(followed);
}

/* A parent that is behind itself has nothing to send: the next pulse or
 * live batch will tell. */
static void
followed_on_batches(struct followed *followed, const struct reply *reply)
{
	if (followed->phase == FOLLOWED_LOADING)
		return;
	if (reply->newest > followed->newest)
		followed->newest = reply->newest;
	followed->phase = FOLLOWED_FETCHING;
	if (reply->sealed_count > 0)
		return;
	if (followed_is_behind(followed))
		followed->not_before_us = clock_tick_us() + CLOCK_SECOND / 2;
	else
		followed_settle(followed);
}

struct followed *
parent_take_reply(struct parent *parent, const struct reply *reply)
{
	struct followed *followed;
	size_t i;

	if (reply->kind == REPLY_WELCOME)
		parent_on_welcome(parent, reply);
	else if (reply->kind == REPLY_REFUSAL && parent->hello != 0 &&
		 reply->ticket == parent->hello &&
		 span_is(reply->reason, "protocol"))
		parent_on_protocol(parent, reply);
	for (i = 0; i < parent->count; i++) {
		followed = parent->streams[i];
		if (followed->ticket == 0 || followed->ticket != reply->ticket)
			continue;
		followed->ticket = 0;
		if (reply->kind == REPLY_BATCHES)
			followed_on_batches(followed, reply);
		else if (reply->kind == REPLY_TOO_OLD)
			parent_needs_image(followed);
		else
			parent_refused(followed);
		return followed;
	}
	return NULL;
}

static void
parent_ask(struct parent *parent, struct followed *followed, uint64_t after)
{
	struct request fetch = {.kind = REQUEST_FETCH, .credits = CREDITS};

	memcpy(fetch.stream, followed->state.chain.stream, STREAM_LEN + 1);
	fetch.after = after;
	followed->ticket = parent_send(parent, &fetch);
	followed->asked_us = clock_tick_us();
	if (followed->vain_us == 0)
		followed->vain_us = followed->asked_us;
	if (followed->phase == FOLLOWED_LIVE)
		followed->phase = FOLLOWED_FETCHING;
}

void
parent_ask_ahead(
    struct parent *parent, struct followed *followed, uint64_t last)
{
	if (followed->phase != FOLLOWED_LOADING && followed->ticket == 0 &&
	    last > followed->state.chain.position && last < followed->newest)
		parent_ask(parent, followed, last);
}

void
parent_forget_ahead(struct followed *followed)
{
	followed->ticket = 0;
}

static void
parent_ask_next(struct parent *parent, struct followed *followed)
{
	parent_ask(parent, followed, followed->state.chain.position);
}

static size_t
parent_under_way(struct parent *parent)
{
	int64_t now_us = clock_tick_us();
	size_t i, count = 0;

	for (i = 0; i < parent->count; i++) {
		struct followed *followed = parent->streams[i];

		if (followed->ticket == 0)
			continue;
		if (now_us - followed->asked_us > RETRY_US)
			followed->ticket = 0;
		else
			count++;
	}
	return count;
}

static bool
followed_may_ask(const struct followed *followed)
{
	return followed->ticket == 0 && followed->phase != FOLLOWED_LOADING &&
	       followed_is_behind(followed) &&
	       clock_tick_us() >= followed->not_before_us;
}

/* A parent that did not know us yet, or was of another version, is asked
 * again. */
static void
parent_greet(struct parent *parent)
{
	int64_t wait_us = parent->alien ? 12 * RETRY_US : RETRY_US;

	if (!parent->welcome && clock_tick_us() - parent->hello_us > wait_us)
		parent_hello(parent, PROTOCOL_NEWEST);
}

/* Control always; the others in turn, so that none waits for ever. */
void
parent_pump(struct parent *parent)
{
	struct followed *control = parent_find(parent, STREAM_CONTROL);
	size_t under_way, i;

	if (parent->bus == NULL)
		return;
	parent_greet(parent);
	if (parent->alien)
		return;
	under_way = parent_under_way(parent);
	if (control != NULL && followed_may_ask(control)) {
		parent_ask_next(parent, control);
		under_way++;
	}
	for (i = 0; i < parent->count && under_way < AT_ONCE; i++) {
		struct followed *followed =
		    parent->streams[parent->turn++ % parent->count];

		if (!followed_may_ask(followed))
			continue;
		parent_ask_next(parent, followed);
		under_way++;
	}
}

const char *
followed_phase_name(enum followed_phase phase)
{
	static const char *const names[] = {
	    [FOLLOWED_UNKNOWN] = "unknown",
	    [FOLLOWED_FETCHING] = "fetching",
	    [FOLLOWED_LIVE] = "live",
	    [FOLLOWED_LOADING] = "loading",
	};

	return names[phase];
}
