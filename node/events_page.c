/*
 * events_page: GET /v1/events, once or as a stream that goes on.
 */
#include "node/events_page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/codec.h"
#include "base/log.h"
#include "node/telling.h"

#define LIMIT 100

/* One answer, or one stream of them.  All of it belongs to the loop, but the
 * listener to the watch thread and the telling, while it is logged, to the
 * trail's. */
struct events {
	struct listener listener;
	struct telling telling;
	struct node *node;
	struct http_exchange *exchange;
	bool is_stream;
	bool is_busy;   /* a page is being logged */
	bool is_woken;  /* meanwhile something came … */
	bool is_beaten; /* … or time has passed */
	bool is_leaving;
	bool logged;
};

static void
events_free(struct events *events)
{
	telling_release(&events->telling);
	mem_free(events);
}

static const char *
media_type(enum telling_form form)
{
	static const char *const types[] = {[TELLING_PAGE] = "application/json",
	    [TELLING_LINES] = "application/x-ndjson",
	    [TELLING_EVENTS] = "text/event-stream"};

	return types[form];
}

static void events_pump(struct events *events);

static void
events_end(struct http_exchange *exchange, void *argument)
{
	http_end(exchange);
	events_free(argument);
}

static void
events_unlisten(void *context)
{
	struct events *events = context;

	lookout_remove(events->node->lookout, &events->listener);
	http_defer(events->exchange, events_end, events);
}

/* Only when nobody else has it any more. */
static void
events_leave(struct events *events)
{
	if (events->is_leaving || events->is_busy)
		return;
	events->is_leaving = true;
	lookout_run(events->node->lookout, events_unlisten, events);
}

static void
events_on_told(struct http_exchange *exchange, void *argument)
{
	struct events *events = argument;

	events->is_busy = false;
	if (!events->logged || !telling_may_leave(&events->telling) ||
	    http_is_over(exchange)) {
		events_leave(events);
		return;
	}
	http_send(exchange, buf_span(&events->telling.body));
	events->telling.after = events->telling.last;
	events_pump(events);
}

static void
events_on_woken(struct http_exchange *exchange, void *argument)
{
	struct events *events = argument;

	(void)exchange;
	events->is_woken = true;
	events_pump(events);
}

static void
events_on_beaten(struct http_exchange *exchange, void *argument)
{
	struct events *events = argument;

	events->is_beaten = true;
	events_on_woken(exchange, argument);
}

/* On the watch thread; what was removed is not called. */
static void
events_wake(struct listener *listener, bool beat)
{
	struct events *events = (struct events *)listener;

	http_defer(events->exchange, beat ? events_on_beaten : events_on_woken,
	    events);
}

static void
events_on_room(struct http_exchange *exchange, void *context)
{
	struct events *events = http_state(exchange);

	(void)context;
	events->is_woken = true;
	events_pump(events);
}

static void
events_log(struct events *events)
{
	events->is_busy = true;
	telling_log(&events->telling);
}

/* The next page, when there is one and room for it. */
static void
events_pump(struct events *events)
{
	struct telling *telling = &events->telling;

	if (events->is_busy || events->is_leaving)
		return;
	if (http_is_over(events->exchange)) {
		events_leave(events);
		return;
	}
	if (!events->is_woken || !http_has_room(events->exchange))
		return;
	telling->complete = events->is_beaten;
	events->is_woken = events->is_beaten = false;
	if (telling_read(telling) != ERR_OK) {
		events_leave(events);
	} else if (telling->count > 0) {
		events->is_woken = telling->more && !telling->waiting;
		events_log(events);
	} else if (telling->body.len > 0) {
		http_send(events->exchange, buf_span(&telling->body));
	}
}

static void
events_listen(void *context)
{
	struct events *events = context;

	lookout_add(events->node->lookout, &events->listener);
	/* What came before is told now. */
	events_wake(&events->listener, true);
}

static void
events_stream(struct events *events)
{
	struct http_exchange *exchange = events->exchange;

	events->is_stream = true;
	events->listener.wake = events_wake;
	memcpy(events->listener.member, events->telling.member,
	    sizeof(events->listener.member));
	http_set_state(exchange, events, NULL);
	http_reply_header(exchange, "cache-control", "no-store");
	http_begin(exchange, 200, media_type(TELLING_EVENTS), events_on_room);
	http_send(exchange, span_of("retry: 1000\n\n"));
	lookout_run(events->node->lookout, events_listen, events);
}

static void
events_reply(struct http_exchange *exchange, void *argument)
{
	struct events *events = argument;

	if (events->logged && !telling_may_leave(&events->telling))
		http_reply_problem(exchange, 503, "not_ready", "Not fresh",
		    "No recent word from the hub.");
	else if (events->logged)
		http_reply(exchange, 200, media_type(events->telling.form),
		    buf_span(&events->telling.body));
	else
		http_reply_problem(exchange, 503, "trail_unavailable",
		    "The trail cannot be written",
		    "Nothing is answered that is not in the trail.");
	events_free(events);
}

/* On the trail thread. */
static void
events_on_logged(struct telling *telling, bool logged)
{
	struct events *events =
	    (struct events *)((char *)telling -
			      offsetof(struct events, telling));

	events->logged = logged;
	http_defer(events->exchange,
	    events->is_stream ? events_on_told : events_reply, events);
}

static void
events_refuse(struct events *events, enum err err)
{
	struct http_exchange *exchange = events->exchange;

	if (err == ERR_DENIED)
		http_reply_problem(exchange, 403, "member_kind", "Refused",
		    "Only active institutions watch.");
	else if (err == ERR_TOO_OLD)
		http_reply_problem(exchange, 410, "events_gone",
		    "These events are not kept any more",
		    "Ask for reports of what is watched, then go on from the "
		    "oldest.");
	else if (err == ERR_MISSING)
		http_reply_problem(exchange, 410, "events_anew",
		    "There never was such an event",
		    "The node began a new log of events.");
	else
		http_reply_problem(
		    exchange, 503, "not_ready", "Not ready", NULL);
	events_free(events);
}

static void
events_answer(struct events *events)
{
	struct telling *telling = &events->telling;
	enum err err = telling_read(telling);

	if (err != ERR_OK) {
		events_refuse(events, err);
	} else if (telling->form == TELLING_EVENTS) {
		events_stream(events);
	} else if (telling->count > 0) {
		events_log(events);
	} else {
		events->logged = true;
		events_reply(events->exchange, events);
	}
}

/* A number, or LOG-NUMBER: of another log nothing can be said. */
static bool
read_place(struct events *events, const char *text, enum err *err)
{
	const char *log = watchbook_log(lookout_book(events->node->lookout));
	const char *dash = strchr(text, '-');
	char *end;

	if (dash != NULL && ((size_t)(dash - text) != strlen(log) ||
				strncmp(text, log, strlen(log)) != 0))
		*err = ERR_MISSING;
	text = dash != NULL ? dash + 1 : text;
	errno = 0;
	events->telling.after = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 &&
	       events->telling.after < UINT64_MAX;
}

static bool
read_limit(const char *text, size_t *limit)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	*limit = number;
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' &&
	       number >= 1 && number <= TELLING_MAX;
}

static enum telling_form
wanted_form(struct http_exchange *exchange)
{
	const char *accept = http_header(exchange, "accept");

	if (accept != NULL && strstr(accept, "text/event-stream") != NULL)
		return TELLING_EVENTS;
	if (accept != NULL && strstr(accept, "application/x-ndjson") != NULL)
		return TELLING_LINES;
	return TELLING_PAGE;
}

static void
fill_teller(struct telling *telling, struct http_exchange *exchange)
{
	const struct identity *peer = http_peer(exchange);
	struct buf raw = {0};

	snprintf(telling->member, sizeof(telling->member), "%.*s",
	    MEMBER_CODE_MAX, peer->code);
	if (codec_parse_hex(span_of(peer->fingerprint), &raw) &&
	    raw.len >= sizeof(telling->certificate))
		memcpy(telling->certificate, raw.data,
		    sizeof(telling->certificate));
	buf_release(&raw);
	telling->action = "events";
	telling->form = wanted_form(exchange);
	telling->limit = LIMIT;
	telling->done = events_on_logged;
}

void
events_on_get(struct http_exchange *exchange, void *context)
{
	struct events *events = mem_new(sizeof(*events));
	const char *since = http_query(exchange, "since");
	const char *last = http_header(exchange, "last-event-id");
	const char *limit = http_query(exchange, "limit");
	enum err err = ERR_OK;

	events->node = context;
	events->exchange = exchange;
	events->telling.node = context;
	fill_teller(&events->telling, exchange);
	if (last != NULL && last[0] != '\0')
		since = last;
	if ((since != NULL && !read_place(events, since, &err)) ||
	    (limit != NULL && !read_limit(limit, &events->telling.limit))) {
		http_reply_problem(exchange, 400, "malformed", "Malformed",
		    "since: a number, or LOG-NUMBER; limit: 1 to 1000");
		events_free(events);
	} else if (err != ERR_OK) {
		events_refuse(events, err);
	} else {
		events_answer(events);
	}
}
