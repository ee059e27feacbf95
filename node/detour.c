/*
 * detour: stream 0000 over HTTPS while the parent cannot be reached.
 */
#include "node/detour.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "node/node.h"
#include "node/window.h"
#include "node/world.h"
#include "wire/https.h"
#include "wire/pack.h"
#include "wire/seal.h"

/* All keys that are known have been tried by then. */
#define PATIENCE_US (10 * CLOCK_SECOND)
#define AGAIN_US                                                               \
	CLOCK_SECOND /* there may be more, or the next one is asked            \
		      */
#define ROUND_US (15 * CLOCK_SECOND) /* nobody knew anything new */
#define ANSWER_MS 10000
#define CREDITS 32
#define SOURCES_MAX 8 /* in a round */
#define URL_SIZE (MEMBER_URL_MAX + 64)

struct detour {
	struct detour_settings settings;
	struct https *https;
	struct opener *opener;
	/* bus thread */
	bool connected;
	int64_t since_us; /* monotonic: of the link, or of its loss */
	/* both */
	_Atomic bool busy;
	_Atomic int64_t not_before_us; /* monotonic */
	/* its own */
	size_t turn;                      /* of those that may be asked */
	size_t asked;                     /* in this round */
	char source[MEMBER_CODE_MAX + 1]; /* "": parent_url */
};

struct detour *
detour_open(const struct detour_settings *settings, struct why *why)
{
	struct https_settings https = {
	    .cert = settings->cert, .key = settings->key, .ca = settings->ca};
	struct detour *detour = mem_new(sizeof(*detour));

	detour->settings = *settings;
	detour->since_us = clock_tick_us();
	detour->opener = opener_new(settings->keys);
	detour->https = https_open(&https, why);
	if (detour->https != NULL)
		return detour;
	detour_close(detour);
	return NULL;
}

void
detour_close(struct detour *detour)
{
	if (detour == NULL)
		return;
	if (detour->https != NULL)
		https_stop(detour->https);
	https_close(detour->https);
	opener_free(detour->opener);
	mem_free(detour);
}

void
detour_on_link(struct detour *detour, bool connected)
{
	detour->connected = connected;
	detour->since_us = clock_tick_us();
}

/* Others that hold it, from `parent_url` on in the order of the list; which is
 * the next one, and how many there are. */
static size_t
find_source(struct detour *detour, const struct world *world, char *url)
{
	bool set = detour->settings.url[0] != '\0';
	size_t count = set ? 1 : 0, i;
	const struct member *member;

	detour->source[0] = '\0';
	snprintf(url, URL_SIZE, "%.*s", MEMBER_URL_MAX, detour->settings.url);
	for (i = 0; world != NULL && i < world->member_count; i++) {
		member = &world->members[i];
		if (member == world->self || member->kind != MEMBER_PLATFORM ||
		    member->status != MEMBER_ACTIVE || member->url[0] == '\0')
			continue;
		if (count++ != detour->turn)
			continue;
		snprintf(url, URL_SIZE, "%s", member->url);
		memcpy(detour->source, member->code, sizeof(detour->source));
	}
	if (detour->turn < count)
		return count;
	detour->turn = 0;
	return count > 0 ? find_source(detour, world, url) : 0;
}

/* A key that stream 0000 has yet to tell of cannot be told from a lie: what
 * was handed over is applied first, then this is asked again. */
static size_t
hand_over(struct detour *detour, const struct reply *reply)
{
	struct batch_header header;
	struct sealed sealed;
	struct why why = {""};
	struct buf live = {0};
	size_t i;

	for (i = 0; i < reply->sealed_count; i++) {
		if (opener_check(detour->opener, reply->sealed[i], &header,
			&sealed, &why) != ERR_OK ||
		    strcmp(header.stream, STREAM_CONTROL) != 0)
			break;
		buf_reset(&live);
		pack_live(LIVE_SEALED, reply->sealed[i], &live);
		follow_on_live(detour->settings.follow, span_of(header.stream),
		    buf_span(&live));
	}
	if (i < reply->sealed_count)
		log_warn("detour.refused", "source=%s first=%llu why=\"%s\"",
		    detour->source, (unsigned long long)header.first, why.text);
	if (i > 0)
		log_info(
		    "detour.taken", "source=%s batches=%zu", detour->source, i);
	buf_release(&live);
	return i;
}

static size_t
take_answer(struct detour *detour, const struct https_answer *answer)
{
	struct arena *arena = arena_new();
	struct reply reply = {0};
	size_t count = 0;

	if (answer->err != ERR_OK || answer->status != 200)
		log_debug("detour.unanswered", "source=%s err=%s status=%d",
		    detour->source, err_name(answer->err), answer->status);
	else if (unpack_reply(answer->body, arena, &reply) != ERR_OK)
		log_warn("detour.refused", "source=%s first=0 why=\"%s\"",
		    detour->source, "not a reply");
	else if (reply.kind == REPLY_TOO_OLD)
		log_warn("detour.too_old", "source=%s oldest=%llu",
		    detour->source, (unsigned long long)reply.oldest);
	else if (reply.kind == REPLY_BATCHES)
		count = hand_over(detour, &reply);
	arena_free(arena);
	return count;
}

static void
pause_for(struct detour *detour, int64_t pause_us)
{
	atomic_store(&detour->not_before_us, clock_tick_us() + pause_us);
	atomic_store(&detour->busy, false);
}

static void
on_answer(void *context, const struct https_answer *answer)
{
	struct detour *detour = context;

	if (take_answer(detour, answer) > 0)
		detour->asked = 0;
	else
		detour->turn++;
	pause_for(detour, AGAIN_US);
}

static uint64_t
position_of_control(struct detour *detour)
{
	struct snapshot *snapshot = store_snapshot(detour->settings.store);
	struct stream_state state = {0};
	enum err err = snapshot_stream(snapshot, STREAM_CONTROL, &state, NULL);

	snapshot_release(snapshot);
	return err == ERR_OK ? state.chain.position : 0;
}

static void
ask(void *context)
{
	struct detour *detour = context;
	const struct world *world = shared_hold(detour->settings.world);
	char url[URL_SIZE];
	size_t len, count = find_source(detour, world, url);
	struct https_request request = {
	    .url = url, .timeout_ms = ANSWER_MS, .limit = MESSAGE_MAX};

	shared_drop(detour->settings.world, world);
	if (detour->asked >= count || detour->asked >= SOURCES_MAX) {
		detour->asked = 0;
		pause_for(detour, ROUND_US);
		return;
	}
	detour->asked++;
	len = strlen(url);
	snprintf(url + len, URL_SIZE - len, "/v1/control?after=%llu",
	    (unsigned long long)position_of_control(detour));
	request.peer = detour->source[0] != '\0' ? detour->source : NULL;
	https_send(detour->https, &request, on_answer, detour);
}

void
detour_tick(struct detour *detour)
{
	int64_t now_us = clock_tick_us();

	if (detour->connected || now_us - detour->since_us < PATIENCE_US ||
	    now_us < atomic_load(&detour->not_before_us) ||
	    atomic_exchange(&detour->busy, true))
		return;
	https_run(detour->https, ask, detour);
}

static bool
admit_platform(struct http_exchange *exchange, struct node *node)
{
	const struct world *world = shared_hold(node->world);
	const struct member *who = world_find(world, http_peer(exchange)->code);
	const char *type = NULL;

	if (who == NULL)
		type = "member_unknown";
	else if (who->status != MEMBER_ACTIVE)
		type = "member_inactive";
	else if (who->kind != MEMBER_PLATFORM)
		type = "member_kind";
	shared_drop(node->world, world);
	if (type != NULL)
		http_reply_problem(
		    exchange, 403, type, "Refused", "For platforms.");
	return type == NULL;
}

static bool
read_after(const char *text, uint64_t *after)
{
	char *end;

	if (text == NULL || *text < '0' || *text > '9' || strlen(text) > 18)
		return false;
	*after = strtoull(text, &end, 10);
	return *end == '\0';
}

void
detour_on_get(struct http_exchange *exchange, void *context)
{
	struct node *node = context;
	struct request request = {.kind = REQUEST_FETCH,
	    .stream = STREAM_CONTROL,
	    .credits = CREDITS};
	struct reply reply = {0};
	struct buf packed = {0};
	struct arena *arena;

	if (!admit_platform(exchange, node))
		return;
	if (!read_after(http_query(exchange, "after"), &request.after)) {
		http_reply_problem(exchange, 400, "malformed", "Malformed",
		    "after: the last position that is held");
		return;
	}
	arena = arena_new();
	if (window_read(node->store, &request, arena, &reply) == ERR_OK) {
		pack_reply(&reply, &packed);
		http_reply(
		    exchange, 200, "application/x-protobuf", buf_span(&packed));
	} else {
		http_reply_problem(
		    exchange, 503, "not_ready", "The store failed", NULL);
	}
	buf_release(&packed);
	arena_free(arena);
}
