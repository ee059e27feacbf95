/*
 * find: which enterprises a member means.
 */
#include "node/find.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/log.h"
#include "base/work.h"
#include "credit/report.h"
#include "node/answer.h"
#include "node/finder.h"
#include "node/world.h"

#define LIMIT 20
#define WAITING_MAX 256
#define IDLE_MS 60000

struct find_desk {
	struct worker *worker;
};

struct find {
	struct answer answer; /* first */
	const struct world *world;
	struct question question;
	struct permit permit;
	struct search search;
	struct search_fields fields;
	struct finder_place from;
	size_t limit;
	/* while it looks */
	struct snapshot *snapshot;
	struct json_out out;
	struct finder_place next;
	const struct finder_hit *hit; /* at hand; NULL: by code */
	struct arena *arena;
	size_t count;
	enum err err;
};

static void
find_release(struct answer *answer)
{
	struct find *find = (struct find *)answer;

	snapshot_release(find->snapshot);
	shared_drop(answer->node->world, find->world);
	buf_release(&answer->body);
	mem_free(find);
}

/* Nothing was looked for: no entry. */
static void
find_fail(struct find *find, int status, const char *type, const char *detail)
{
	metric_add(
	    find->answer.node->outcomes[status < 500 ? OUTCOME_MALFORMED
						     : OUTCOME_UNAVAILABLE],
	    1);
	http_reply_problem(find->answer.exchange, status, type,
	    status < 500 ? "Not a question" : "Not now", detail);
	find_release(&find->answer);
}

static void
find_on_logged(struct answer *answer)
{
	answer_add_receipt(answer);
	answer_send(answer);
}

static enum err
read_words(struct find *find, struct why *why)
{
	struct http_exchange *exchange = find->answer.exchange;
	struct search_words words = {.uscc = http_query(exchange, "uscc"),
	    .number = http_query(exchange, "old_number"),
	    .name = http_query(exchange, "name"),
	    .match = http_query(exchange, "match"),
	    .division = http_query(exchange, "division"),
	    .industry = http_query(exchange, "industry")};

	return search_parse(&words, &find->search, why);
}

static enum err
read_page(struct find *find, struct why *why)
{
	const char *limit = http_query(find->answer.exchange, "limit");
	const char *after = http_query(find->answer.exchange, "after");
	struct buf place = {0};
	char none[] = "", *end = none;

	find->limit = LIMIT;
	if (limit != NULL)
		find->limit = strtoul(limit, &end, 10);
	if (*end != '\0' || find->limit < 1 || find->limit > FINDER_LIMIT_MAX)
		return why_set(
		    why, ERR_INVALID, "limit: 1 to %d", FINDER_LIMIT_MAX);
	if (after == NULL)
		return ERR_OK;
	if (codec_parse_base64url(span_of(after), &place) && place.len > 0 &&
	    place.len <= sizeof(find->from.bytes)) {
		memcpy(find->from.bytes, place.data, place.len);
		find->from.len = place.len;
	}
	buf_release(&place);
	return find->from.len > 0
		   ? ERR_OK
		   : why_set(why, ERR_INVALID, "after: no such place");
}

static enum err
read_purpose(struct find *find, struct why *why)
{
	const char *text = http_query(find->answer.exchange, "purpose");
	const struct member *member =
	    world_find(find->world, find->answer.access.member);
	enum purpose purpose = PURPOSE_CUSTOMER_SCREENING;

	if (text != NULL)
		purpose = purpose_parse(span_of(text));
	else if (member != NULL && member->kind == MEMBER_OPERATOR)
		purpose = PURPOSE_SUPERVISION;
	find->question = (struct question){.form = QUESTION_REPORT,
	    .purpose = purpose,
	    .items = {SEARCH_ITEM},
	    .item_count = 1};
	return purpose != PURPOSE_NONE
		   ? ERR_OK
		   : why_set(why, ERR_INVALID, "purpose: no such");
}

static void
decide(struct find *find)
{
	struct node *node = find->answer.node;
	struct circumstances around = {.catalog = find->world->catalog,
	    .member = world_find(find->world, find->answer.access.member),
	    .platform = find->world->self,
	    .now_us = node_hub_time(node)};

	if (answer_is_within_limits(&find->answer, find->world->catalog,
		&find->question, &find->permit))
		permit_decide(&find->question, &around, &find->permit);
}

static void
put_found(struct find *find, const struct stored *stored)
{
	struct json_out *out = &find->out;
	char time[CLOCK_TEXT_MAX];

	json_open_object(out, NULL);
	json_put_text(out, "subject", stored->record.subject);
	json_put_cstr(out, "stream", stored->stream);
	json_put_cstr(out, "state", record_state_name(stored->record.state));
	json_put_cstr(out, "as_of", clock_print(stored->record.as_of_us, time));
	json_open_object(out, "fields");
	report_put_fields(&find->permit.items[0], &stored->record, out);
	json_close_object(out);
	json_close_object(out);
}

static bool
is_of_region(const struct find *find, const char *stream)
{
	const struct member *member =
	    world_find(find->world, find->answer.access.member);

	return member == NULL || !member_is_bound(member) ||
	       member_holds(member, stream);
}

/* The record decides, not the index. */
static void
judge(void *context, const struct stored *stored)
{
	struct find *find = context;
	const struct finder_hit *hit = find->hit;
	struct buf bytes = {0};
	struct card card;

	if (stored->record.item != SEARCH_ITEM ||
	    stored->record.state == RECORD_WITHDRAWN ||
	    !world_holds(find->world, stored->stream) ||
	    !is_of_region(find, stored->stream))
		return;
	card_print(&find->fields, &stored->record, &bytes);
	if (card_parse(buf_span(&bytes), &card) &&
	    search_fits(&find->search, &card) &&
	    (hit == NULL || hit->term.len == 0 ||
		search_is_first(hit->plan, &card, hit->term))) {
		put_found(find, stored);
		find->count++;
	}
	buf_release(&bytes);
}

static bool
judge_hit(void *context, const struct finder_hit *hit)
{
	struct find *find = context;
	struct record identity = {
	    .item = SEARCH_ITEM, .subject = span_of(hit->subject)};
	size_t before = find->count;
	struct stored stored;
	enum err err;

	find->hit = hit;
	arena_reset(find->arena);
	err = snapshot_find_record(
	    find->snapshot, hit->stream, &identity, find->arena, &stored);
	if (err == ERR_OK)
		judge(find, &stored);
	else if (err != ERR_MISSING)
		find->err = err;
	return find->count > before;
}

static enum err
look_up(struct find *find)
{
	struct record_reader reader = {
	    .subject = find->search.uscc, .each = judge, .context = find};

	return snapshot_each_record(find->snapshot, &reader, NULL);
}

static enum err
look_around(struct find *find)
{
	struct finder_judge asker = {
	    .fits = judge_hit, .context = find, .limit = find->limit};
	enum err err;

	find->arena = arena_new();
	err = finder_search(find->answer.node->finder, &find->search,
	    &find->from, &asker, &find->next);
	arena_free(find->arena);
	return err == ERR_OK ? find->err : err;
}

static void
put_asked(struct find *find)
{
	const struct search *search = &find->search;
	const struct {
		const char *name, *value;
	} words[] = {{"uscc", search->uscc}, {"old_number", search->number},
	    {"name", search->name}, {"division", search->division},
	    {"industry", search->industry}};
	struct json_out *out = &find->out;
	size_t i;

	json_open_object(out, "asked");
	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (words[i].value[0] != '\0')
			json_put_cstr(out, words[i].name, words[i].value);
	}
	if (search->name[0] != '\0')
		json_put_cstr(out, "match", search_match_name(search->match));
	json_put_cstr(out, "purpose", purpose_name(find->question.purpose));
	json_close_object(out);
}

static enum err
put_end(struct find *find)
{
	const struct finder_place *next = &find->next;
	struct json_out *out = &find->out;
	struct buf text = {0};
	uint64_t behind = 0;
	enum err err = ERR_OK;

	if (next->len > 0) {
		codec_base64url(span_make(next->bytes, next->len), &text);
		json_put_text(out, "next", buf_span(&text));
		buf_release(&text);
	}
	if (find->search.uscc[0] == '\0')
		err = finder_behind(
		    find->answer.node->finder, find->snapshot, &behind);
	json_put_int(out, "behind", (int64_t)behind);
	json_close_object(out);
	return err;
}

static enum err
look(struct find *find)
{
	struct json_out *out = &find->out;
	enum err err, end;

	find->snapshot = store_snapshot(find->answer.node->store);
	out->buf = &find->answer.body;
	json_open_object(out, NULL);
	json_put_cstr(out, "node", find->answer.node->code);
	put_asked(find);
	json_open_array(out, "enterprises");
	err = find->search.uscc[0] != '\0' ? look_up(find) : look_around(find);
	json_close_array(out);
	end = put_end(find);
	return err == ERR_OK ? end : err;
}

static void
find_on_failed(struct http_exchange *exchange, void *argument)
{
	struct find *find = argument;

	(void)exchange;
	find_fail(find, 503, "not_ready", "The store failed.");
}

static void
find_on_misplaced(struct http_exchange *exchange, void *argument)
{
	struct find *find = argument;

	(void)exchange;
	find_fail(find, 400, "malformed", "after: of another question");
}

/* The order is the promise: decided before, logged before it leaves. */
static void
desk_on_job(void *context, void *job)
{
	struct find *find = job;
	struct node *node = find->answer.node;
	enum err err = look(find);

	(void)context;
	if (err != ERR_OK) {
		if (err != ERR_INVALID)
			log_error("find.failed", "err=%s", err_name(err));
		http_defer(find->answer.exchange,
		    err == ERR_INVALID ? find_on_misplaced : find_on_failed,
		    find);
		return;
	}
	metric_add(node->outcomes[OUTCOME_FOUND], 1);
	access_fill(&find->answer.access, &find->question, &find->permit);
	answer_log(&find->answer);
}

static void
find_refuse(struct find *find)
{
	metric_add(find->answer.node->outcomes[OUTCOME_REFUSED], 1);
	access_fill(&find->answer.access, &find->question, &find->permit);
	answer_refuse(&find->answer, find->permit.rule);
	answer_log(&find->answer);
}

static bool
find_is_ready(const struct find *find)
{
	return find->world != NULL && find->world->catalog != NULL;
}

void
find_on_get(struct http_exchange *exchange, void *context)
{
	struct find *find = mem_new(sizeof(*find));
	struct node *node = context;
	struct why why = {""};

	answer_init(&find->answer, node, exchange, "find");
	find->answer.then = find_on_logged;
	find->answer.release = find_release;
	find->world = shared_hold(node->world);
	if (!find_is_ready(find) ||
	    !search_fields_find(find->world->catalog, &find->fields)) {
		find_fail(find, 503, "not_ready",
		    "The catalogue has not arrived yet.");
		return;
	}
	if (read_words(find, &why) != ERR_OK ||
	    read_page(find, &why) != ERR_OK ||
	    read_purpose(find, &why) != ERR_OK) {
		find_fail(find, 400, "malformed", why.text);
		return;
	}
	decide(find);
	if (find->permit.rule != PERMIT_ALLOWED)
		find_refuse(find);
	else if (!worker_post(node->find_desk->worker, find, WAITING_MAX))
		find_fail(find, 503, "busy", "Other questions wait.");
}

struct find_desk *
find_desk_new(void)
{
	struct find_desk *desk = mem_new(sizeof(*desk));

	desk->worker = worker_new("find", desk_on_job, NULL, IDLE_MS, NULL);
	return desk;
}

void
find_desk_free(struct find_desk *desk)
{
	if (desk == NULL)
		return;
	worker_stop(desk->worker);
	worker_free(desk->worker);
	mem_free(desk);
}
