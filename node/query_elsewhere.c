/*
 * query_elsewhere: a question that another node answers.
 */
#include "node/query_inner.h"

#include <stdio.h>

#include "base/json.h"
#include "node/elsewhere.h"

void
query_end_passed_on(struct query *query)
{
	struct answer *answer = &query->answer;
	char seconds[24];

	answer_add_receipt(answer);
	buf_char(&answer->body, '}');
	if (query->retry_after > 0) {
		snprintf(seconds, sizeof(seconds), "%lld",
		    (long long)query->retry_after);
		http_reply_header(answer->exchange, "retry-after", seconds);
	}
}

static void
query_say_away(struct query *query, enum holder_end end)
{
	query_count(query, OUTCOME_AWAY);
	if (end == HOLDER_AWAY)
		answer_problem(&query->answer, 504, "holder_away",
		    "The subject is not held here",
		    "A node that may hold it did not answer in time.");
	else
		answer_problem(&query->answer, 502, "holder_failed",
		    "The subject is not held here",
		    "A node that may hold it did not answer as it should.");
}

static void
query_pass_on(struct query *query, const struct elsewhere_answer *from)
{
	struct answer *answer = &query->answer;
	struct json_out out = {.buf = &answer->body, .comma = true};

	query_count(query, OUTCOME_ELSEWHERE);
	query->passed_on = true;
	query->retry_after = from->retry_after;
	answer->status = from->status;
	if (from->status == 200)
		answer->access.item_count =
		    holder_items(from->body, answer->access.items);
	buf_add(&answer->body, from->body.ptr, from->body.len);
	json_open_object(&out, "elsewhere");
	json_put_cstr(&out, "holder", from->node);
	json_put_cstr(&out, "url", from->url);
	json_put_cstr(&out, "node", answer->node->code);
	json_close_object(&out);
}

static void
query_on_loop(struct http_exchange *exchange, void *argument)
{
	struct query *query = argument;

	(void)exchange;
	answer_log(&query->answer);
}

static void
query_on_elsewhere(void *context, const struct elsewhere_answer *from)
{
	struct query *query = context;
	struct access *access = &query->answer.access;

	memcpy(access->asked, from->asked,
	    from->asked_count * sizeof(*from->asked));
	access->asked_count = from->asked_count;
	if (from->end == HOLDER_AWAY || from->end == HOLDER_FAILED)
		query_say_away(query, from->end);
	else if (from->status == 200 && query_is_too_long(query, from->body))
		query_say_too_long(query);
	else
		query_pass_on(query, from);
	http_defer(query->answer.exchange, query_on_loop, query);
}

bool
query_may_leave(const struct query *query)
{
	enum permit_rule rule = query->permit.rule;

	return query->stream[0] == '\0' &&
	       query->answer.access.via[0] == '\0' &&
	       query->question.token[0] == '\0' &&
	       query->question.purpose != PURPOSE_SELF &&
	       (rule == PERMIT_ALLOWED || rule == PERMIT_ITEM_NOT_HERE);
}

static void
query_say_nothing(struct access *access, const char *action)
{
	snprintf(access->action, sizeof(access->action), "%s", action);
	access->item_count = 0;
	access->authorised = false;
	access->level = LEVEL_PUBLIC;
	access->use = (struct use){0};
}

bool
query_leave(struct query *query)
{
	struct answer *answer = &query->answer;
	struct question question = query->question;
	struct buf json = {0};
	struct elsewhere_question asked = {
	    .action = strcmp(answer->access.action, "report") == 0
			  ? VOUCH_REPORT
			  : VOUCH_ENTERPRISE,
	    .member = answer->access.member,
	    .certificate = http_peer(answer->exchange)->fingerprint,
	    .subject = question.subject,
	    .traceparent = http_traceparent(answer->exchange)};
	bool left;

	if (query->permit.consent_rule == PERMIT_CONSENT_REVOKED ||
	    query->permit.consent_rule == PERMIT_CONSENT_PAUSED)
		question.consent[0] = '\0';
	question_print(&question, &json);
	asked.json = buf_span(&json);
	query_drop_report(query);
	buf_reset(&answer->body);
	query_say_nothing(&answer->access, "forward");
	left = elsewhere_ask(answer->node->elsewhere, query->world, &asked,
	    query_on_elsewhere, query);
	if (!left)
		query_say_nothing(
		    &answer->access, vouch_action_name(asked.action));
	buf_release(&json);
	return left;
}
