/*
 * query: one question from one member about one subject.
 */
#include "node/query_inner.h"

#include "base/json.h"
#include "base/log.h"
#include "node/control.h"
#include "node/filings.h"
#include "node/guard.h"
#include "node/masked.h"

static void
query_release(struct answer *answer)
{
	struct query *query = (struct query *)answer;

	report_free(query->report);
	snapshot_release(query->snapshot);
	shared_drop(answer->node->world, query->world);
	buf_release(&answer->body);
	buf_release(&query->print.out);
	mem_free(query);
}

void
query_count(struct query *query, enum outcome outcome)
{
	metric_add(query->answer.node->outcomes[outcome], 1);
}

/* No entry: nothing was said about anybody. */
static void
query_fail(struct query *query, int status, const char *type, const char *title,
    const char *detail)
{
	query_count(
	    query, status < 500 ? OUTCOME_MALFORMED : OUTCOME_UNAVAILABLE);
	http_reply_problem(query->answer.exchange, status, type, title, detail);
	query_release(&query->answer);
}

static void
query_on_logged(struct answer *answer)
{
	struct query *query = (struct query *)answer;

	/* The disk may have taken longer than the lease had left. */
	if (query->report != NULL && query->permit.consent != NULL &&
	    !node_may_still_show(answer->node)) {
		query_fail(query, 503, "not_ready", "The lease has ended",
		    "It is in the trail, and was not answered.");
		return;
	}
	if (query->passed_on)
		query_end_passed_on(query);
	else if (query->report != NULL)
		report_end(query->report, answer->receipt.index,
		    &answer->receipt.leaf, &answer->receipt.use);
	else
		answer_add_receipt(answer);
	if (query->print.form != PRINT_JSON &&
	    (query->report != NULL ||
		(query->passed_on && answer->status == 200)))
		query_print(query);
	else
		answer_send(answer);
}

/* Whose token it is only a consent tells: it must be this subject's. */
static bool
query_find_subject(struct query *query, const struct consent *consent)
{
	struct question *question = &query->question;

	if (consent == NULL)
		return false;
	memcpy(question->subject, consent->subject, sizeof(question->subject));
	return masked_token_fits(query->answer.node, query->world->catalog,
	    query->answer.access.member, consent->subject, question->token);
}

/* What the report says of the question; the member list is held as long. */
static void
query_note_asking(struct query *query, const struct member *member)
{
	const struct answer *answer = &query->answer;

	query->asking = (struct asking){.node = answer->node->code,
	    .is_sandbox = answer->node->is_sandbox,
	    .member = answer->access.member,
	    .name = member != NULL ? member->name : "",
	    .time_us = answer->access.time_us,
	    .catalogue = catalog_version(query->world->catalog)};
}

/* The subject's stream is that of its records.  Withdrawn ones do not tell: a
 * subject that moved leaves them behind; nor those of a stream that another
 * platform has taken over. */
static void
query_on_record(void *context, const struct stored *stored)
{
	struct query *query = context;
	struct stream_state state;

	if (stored->record.state == RECORD_WITHDRAWN ||
	    (strcmp(stored->stream, query->stream) != 0 &&
		!world_holds(query->world, stored->stream)))
		return;
	if (query->stream[0] == '\0') {
		memcpy(query->stream, stored->stream, sizeof(query->stream));
		query->err = snapshot_stream(
		    query->snapshot, query->stream, &state, NULL);
		query->standpoint.position = state.chain.position;
	}
	if (query->report != NULL)
		filings_report(query->report, query->snapshot, &stored->record);
}

/* Until a record has told the stream, any will do. */
static uint32_t
query_wants(void *context, uint32_t item)
{
	const struct query *query = context;
	size_t i;

	if (query->stream[0] == '\0')
		return item;
	for (i = 0; i < query->permit.item_count; i++)
		if (query->permit.items[i].item->number >= item)
			return query->permit.items[i].item->number;
	return 0;
}

/* Into the report, if there is one; the stream is known in any case. */
static void
query_walk(struct query *query)
{
	const struct record_reader reader = {.subject = query->question.subject,
	    .wants = query_wants,
	    .each = query_on_record,
	    .context = query};
	enum err err = snapshot_each_record(query->snapshot, &reader, NULL);

	if (err != ERR_OK)
		query->err = err;
}

static void
query_decide(struct query *query)
{
	struct node *node = query->answer.node;
	const struct question *question = &query->question;
	struct circumstances around = {.catalog = query->world->catalog};
	struct stream_state control;

	query->err =
	    snapshot_stream(query->snapshot, STREAM_CONTROL, &control, NULL);
	if (query->err == ERR_OK && control.half &&
	    question->consent[0] != '\0')
		query->err = ERR_BUSY;
	if (question->consent[0] != '\0' &&
	    control_find_consent(query->snapshot, question->consent,
		&query->consent, NULL) == ERR_OK)
		around.consent = &query->consent;
	if (question->token[0] != '\0')
		around.token_fits = query_find_subject(query, around.consent);
	around.is_spent = query->is_spent;
	around.member = world_find(query->world, query->answer.access.member);
	query_note_asking(query, around.member);
	around.platform = query->world->self;
	around.vouched = query->answer.access.via[0] != '\0';
	if (around.member != NULL && member_is_bound(around.member))
		query_walk(query);
	around.stream = query->stream;
	around.now_us = node_hub_time(node);
	around.lease_fresh = query->err == ERR_OK && !control.half &&
			     node_is_fresh(node, control.chain.position);
	permit_decide(question, &around, &query->permit);
	/* Its entry is the asker's to read. */
	if (question->token[0] != '\0' && query->permit.rule != PERMIT_ALLOWED)
		query->question.subject[0] = '\0';
}

static void
query_read(struct query *query)
{
	query->standpoint.stream = query->stream;
	if (query->permit.rule == PERMIT_ALLOWED)
		query->report = report_new(&query->question, &query->permit,
		    &query->asking, &query->standpoint, &query->answer.body);
	query_walk(query);
	if (query->report != NULL)
		report_end_items(query->report);
}

void
query_drop_report(struct query *query)
{
	report_free(query->report);
	query->report = NULL;
}

static void
query_refuse(struct query *query)
{
	enum permit_rule rule = query->permit.rule;

	answer_refuse(&query->answer, rule);
}

static void
query_say_not_held(struct query *query)
{
	query_count(query, OUTCOME_NOT_HELD);
	query_drop_report(query);
	query->answer.access.item_count = 0;
	query->answer.access.authorised = false;
	query->answer.access.use = (struct use){0};
	answer_problem(&query->answer, 404, "subject_not_held",
	    "The subject is not held here",
	    query->question.purpose == PURPOSE_SELF
		? "This node has no record of the subject.  It asks the node "
		  "of its division itself: nobody vouches for it."
		: "This node has no record of the subject.");
}

/* From where a consent is used. */
static void
query_tell_guard(const struct query *query)
{
	const struct answer *answer = &query->answer;
	uint64_t certificate;

	if (!query->permit.authorised)
		return;
	memcpy(&certificate, answer->access.certificate, sizeof(certificate));
	guard_consent(answer->node->guard, answer->access.member,
	    query->question.consent,
	    http_peer_place(answer->exchange) ^ certificate);
}

static void
query_finish(struct query *query)
{
	struct answer *answer = &query->answer;

	if (query_may_leave(query) && query_leave(query))
		return;
	if (query->permit.rule != PERMIT_ALLOWED) {
		query_refuse(query);
	} else if (query->stream[0] == '\0') {
		query_say_not_held(query);
	} else if (query_is_too_long(query, buf_span(&answer->body))) {
		query_say_too_long(query);
	} else {
		query_count(query, OUTCOME_REPORT);
		query_tell_guard(query);
		memcpy(answer->access.stream, query->stream,
		    sizeof(query->stream));
		answer->access.position = query->standpoint.position;
	}
	answer_log(answer);
}

/*
 * The order is the promise: one snapshot, decide, read only what the permit
 * shows, log, and answer when the entry is on disk.  Refusals are logged as
 * reports are.
 */
static void
query_answer(struct query *query)
{
	struct node *node = query->answer.node;

	if (query->world == NULL)
		query->world = shared_hold(node->world);
	if (query->world == NULL || query->world->catalog == NULL) {
		query_fail(query, 503, "not_ready", "Not ready yet",
		    "The catalogue has not arrived yet.");
		return;
	}
	if (!query->is_spent &&
	    !answer_is_within_limits(&query->answer, query->world->catalog,
		&query->question, &query->permit)) {
		access_fill(
		    &query->answer.access, &query->question, &query->permit);
		query_finish(query);
		return;
	}
	query->snapshot = store_snapshot(node->store);
	query_decide(query);
	if (query->permit.rule == PERMIT_ALLOWED ||
	    query->permit.rule == PERMIT_ITEM_NOT_HERE)
		query_read(query);
	snapshot_release(query->snapshot);
	query->snapshot = NULL;
	if (query->err != ERR_OK) {
		log_error("query.store", "err=%s", err_name(query->err));
		query_fail(query, 503, "not_ready", "The store failed", NULL);
		return;
	}
	access_fill(&query->answer.access, &query->question, &query->permit);
	query_finish(query);
}

/* Somebody else had the last use: what was read stays here, and the question
 * is answered as one without. */
static void
query_on_spent(struct answer *answer)
{
	struct query *query = (struct query *)answer;

	query_drop_report(query);
	buf_reset(&answer->body);
	query->stream[0] = '\0';
	query->is_spent = true;
	query_answer(query);
}

static struct query *
query_new(struct http_exchange *exchange, void *context, const char *action)
{
	struct query *query = mem_new(sizeof(*query));

	answer_init(&query->answer, context, exchange, action);
	query->print.form = print_form_of(http_header(exchange, "accept"));
	query->print.language = print_language_of(http_query(exchange, "lang"),
	    http_header(exchange, "accept-language"));
	query->answer.then = query_on_logged;
	query->answer.on_spent = query_on_spent;
	query->answer.release = query_release;
	return query;
}

static void
query_ask(struct query *query, struct span json)
{
	struct why why = {""};

	if (question_parse(json, &query->question, &why) == ERR_OK)
		query_answer(query);
	else
		query_fail(query, 400, "malformed", "Not a question", why.text);
}

void
query_on_report(struct http_exchange *exchange, void *context)
{
	/* An access twice would be in the trail once, or bytes would be kept
	 * that nobody may have any more. */
	if (http_header(exchange, "idempotency-key") != NULL) {
		http_reply_problem(exchange, 400, "malformed",
		    "Idempotency-Key is not taken here",
		    "Each question is an access of its own.");
		return;
	}
	query_ask(query_new(exchange, context, "report"), http_body(exchange));
}

void
query_on_vouched(struct http_exchange *exchange, void *context,
    const struct vouch *vouch, struct span json)
{
	struct query *query =
	    query_new(exchange, context, vouch_action_name(vouch->action));

	answer_vouch(&query->answer, vouch);
	query_ask(query, json);
}

/* What this member would ask for, if it does not say. */
static enum purpose
query_usual_purpose(struct query *query, const char *uscc)
{
	struct node *node = query->answer.node;
	const char *code = query->answer.access.member;
	const struct world *world = shared_hold(node->world);
	const struct member *member = world_find(world, code);
	enum purpose purpose = PURPOSE_CUSTOMER_SCREENING;

	if (member != NULL && member->kind == MEMBER_OPERATOR)
		purpose = PURPOSE_SUPERVISION;
	else if (strcmp(code, uscc) == 0)
		purpose = PURPOSE_SELF;
	shared_drop(node->world, world);
	return purpose;
}

void
query_on_enterprise(struct http_exchange *exchange, void *context)
{
	struct query *query = query_new(exchange, context, "enterprise");
	const char *uscc = http_path_param(exchange, "uscc");
	const char *purpose = http_query(exchange, "purpose");
	struct buf json = {0};
	struct json_out out = {.buf = &json};

	if (purpose == NULL)
		purpose = purpose_name(query_usual_purpose(query, uscc));
	json_open_object(&out, NULL);
	json_put_cstr(&out, "subject", uscc);
	json_put_cstr(&out, "purpose", purpose);
	json_close_object(&out);
	query_ask(query, buf_span(&json));
	buf_release(&json);
}
