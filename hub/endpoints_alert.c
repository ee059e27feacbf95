/*
 * endpoints: alerts, their rules and the messages about them.
 */
#include "hub/endpoints.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/log.h"
#include "hub/action.h"
#include "hub/alert.h"
#include "hub/inquiry.h"

#define ALERTS_MAX 1000
#define RULE_MAX 32
#define NOTE_TEXT_MAX 500

static void
finish(
    struct inquiry *inquiry, struct pg *pg, enum err err, const struct why *why)
{
	if (pg_end(pg, err == ERR_OK) != ERR_OK || err == ERR_DATABASE)
		answer_fail(&inquiry->answer, ERR_DATABASE, "no database");
	else if (err == ERR_CONFLICT)
		answer_refuse(&inquiry->answer, 409, "alert_closed", "%s",
		    why != NULL ? why->text : "");
	else if (err != ERR_OK)
		answer_fail(
		    &inquiry->answer, err, why != NULL ? why->text : "");
}

static void
fill_list(struct inquiry *inquiry, struct ledger *ledger)
{
	const struct alert_question question = {.state = inquiry->from,
	    .rule = inquiry->id,
	    .id = inquiry->known_us,
	    .after = inquiry->after,
	    .limit = inquiry->limit};
	struct pg *pg = ledger_pg(ledger);

	pg_begin(pg);
	finish(inquiry, pg, alert_print(pg, &question, &inquiry->answer.body),
	    NULL);
}

/* State in `from`, rule in `id`, the alert's number in `known_us`. */
void
alert_on_list(struct http_exchange *exchange, void *context)
{
	const char *state = http_query(exchange, "state");
	const char *rule = http_query(exchange, "rule");
	int64_t id = inquiry_number(exchange, "id", 0, 1);
	int64_t after = inquiry_number(exchange, "after", 0, 0);
	int64_t limit = inquiry_number(exchange, "limit", 100, 1);
	struct inquiry *inquiry;
	struct member who;

	if (!inquiry_admit_operator(exchange, context, &who))
		return;
	if (state == NULL)
		state = "open";
	if (!alert_state_is_known(state) || id < 0 || after < 0 || limit < 0 ||
	    (rule != NULL && strlen(rule) > RULE_MAX)) {
		answer_problem(exchange, 400, "malformed",
		    "state: open, closed or all; rule; id, after, limit: "
		    "numbers");
		return;
	}
	inquiry = inquiry_new(exchange, context, &who, fill_list);
	strcpy(inquiry->from, state);
	strcpy(inquiry->id, rule != NULL ? rule : "");
	inquiry->known_us = id;
	inquiry->after = after;
	inquiry->limit = limit < ALERTS_MAX ? limit : ALERTS_MAX;
	inquiry_post(inquiry);
}

/* "{id}" of the path; 0 when it is no number. */
static int64_t
id_of(const struct http_exchange *exchange)
{
	const char *text = http_path_param(exchange, "id");
	char *rest;
	long long id;

	if (*text < '1' || *text > '9' || strlen(text) > 18)
		return 0;
	id = strtoll(text, &rest, 10);
	return *rest == '\0' ? id : 0;
}

/* With the alert's or message's number in `after`. */
static void
post_about(struct http_exchange *exchange, void *context,
    void (*fill)(struct inquiry *inquiry, struct ledger *ledger))
{
	int64_t id = id_of(exchange);
	struct inquiry *inquiry;
	struct member who;

	if (!inquiry_admit_actor(exchange, context, &who))
		return;
	if (id == 0) {
		answer_problem(exchange, 404, "not_found", NULL);
		return;
	}
	inquiry = inquiry_new(exchange, context, &who, fill);
	inquiry->after = id;
	inquiry_post(inquiry);
}

/* {"note"}, or no body at all; false: something else. */
static bool
read_note(struct span body, struct buf *note)
{
	static const char *const names[] = {"note", NULL};
	struct json *root;
	struct span text;
	bool good;

	if (body.len == 0)
		return true;
	root = json_parse(body, NULL);
	text = json_text(json_find(root, "note"));
	good = json_is_object(root) && json_has_only(root, names, NULL) &&
	       (json_count(root) == 0 || text.ptr != NULL) &&
	       text.len <= NOTE_TEXT_MAX;
	if (good && text.len > 0)
		buf_add(note, text.ptr, text.len);
	json_free(root);
	return good;
}

static void
fill_acknowledgement(struct inquiry *inquiry, struct ledger *ledger)
{
	static const struct why closed = {"it is closed already"};
	struct pg *pg = ledger_pg(ledger);
	struct buf note = {0};
	char id[24];
	enum err err;

	if (!read_note(buf_span(&inquiry->body), &note)) {
		answer_refuse(&inquiry->answer, 400, "malformed",
		    "{\"note\"}: at most %d bytes", NOTE_TEXT_MAX);
		return;
	}
	pg_begin(pg);
	err = alert_acknowledge(pg, inquiry->after, inquiry->who.code,
	    buf_span(&note), &inquiry->answer.body);
	snprintf(id, sizeof(id), "%lld", (long long)inquiry->after);
	if (err == ERR_OK)
		action_note(
		    pg, inquiry->who.code, "acknowledge", id, span_of("{}"));
	finish(inquiry, pg, err, &closed);
	news_tell(inquiry->hub->news, NEWS_ACTIONS);
	buf_release(&note);
	if (inquiry->answer.problem == NULL)
		log_info("alert.acknowledged", "id=%lld by=%s",
		    (long long)inquiry->after, inquiry->who.code);
}

void
alert_on_acknowledge(struct http_exchange *exchange, void *context)
{
	post_about(exchange, context, fill_acknowledgement);
}

static void
fill_rules(struct inquiry *inquiry, struct ledger *ledger)
{
	struct pg *pg = ledger_pg(ledger);

	pg_begin(pg);
	finish(inquiry, pg, alert_print_rules(pg, &inquiry->answer.body), NULL);
}

void
alert_on_rules(struct http_exchange *exchange, void *context)
{
	struct member who;

	if (inquiry_admit_operator(exchange, context, &who))
		inquiry_post(inquiry_new(exchange, context, &who, fill_rules));
}

static void
put_rule(struct inquiry *inquiry, struct ledger *ledger)
{
	struct pg *pg = ledger_pg(ledger);
	struct why why = {""};
	enum err err;

	pg_begin(pg);
	err = alert_change_rule(pg, inquiry->id, buf_span(&inquiry->body),
	    &inquiry->answer.body, &why);
	if (err == ERR_OK)
		action_note(pg, inquiry->who.code, "rule", inquiry->id,
		    buf_span(&inquiry->body));
	finish(inquiry, pg, err, &why);
	news_tell(inquiry->hub->news, NEWS_ACTIONS);
	if (inquiry->answer.problem == NULL)
		log_info("alert.rule", "rule=%s by=%s", inquiry->id,
		    inquiry->who.code);
}

void
alert_on_new_rule(struct http_exchange *exchange, void *context)
{
	const char *name = http_path_param(exchange, "rule");
	struct inquiry *inquiry;
	struct member who;

	if (!inquiry_admit_actor(exchange, context, &who))
		return;
	if (strlen(name) > RULE_MAX) {
		answer_problem(exchange, 404, "not_found", NULL);
		return;
	}
	inquiry = inquiry_new(exchange, context, &who, put_rule);
	strcpy(inquiry->id, name);
	inquiry_post(inquiry);
}

static void
fill_messages(struct inquiry *inquiry, struct ledger *ledger)
{
	struct pg *pg = ledger_pg(ledger);

	pg_begin(pg);
	finish(inquiry, pg,
	    alert_print_messages(pg, inquiry->id, &inquiry->answer.body), NULL);
}

void
alert_on_messages(struct http_exchange *exchange, void *context)
{
	const char *state = http_query(exchange, "state");
	struct inquiry *inquiry;
	struct member who;

	if (!inquiry_admit_operator(exchange, context, &who))
		return;
	inquiry = inquiry_new(exchange, context, &who, fill_messages);
	if (state != NULL && strlen(state) <= RULE_MAX)
		strcpy(inquiry->id, state);
	inquiry_post(inquiry);
}

static void
retry_message(struct inquiry *inquiry, struct ledger *ledger)
{
	static const struct why missing = {"no dead message has this number"};
	struct pg *pg = ledger_pg(ledger);

	pg_begin(pg);
	finish(inquiry, pg,
	    alert_retry_message(pg, inquiry->after, &inquiry->answer.body),
	    &missing);
}

void
alert_on_retry(struct http_exchange *exchange, void *context)
{
	post_about(exchange, context, retry_message);
}
