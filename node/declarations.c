/*
 * declarations: what subjects say here beside records that they have objected
 * to.
 */
#include "node/declarations.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/jws.h"
#include "credit/declaration.h"
#include "node/answer.h"
#include "node/filings.h"

struct saying {
	struct answer answer; /* first */
	struct declaration said;
	struct letter *letter; /* to be carried once logged; NULL: none */
	bool kept;
};

static void
saying_release(struct answer *answer)
{
	struct saying *saying = (struct saying *)answer;

	letter_free(saying->letter);
	buf_release(&answer->body);
	mem_free(saying);
}

static void
saying_end(struct saying *saying, int status, const char *state)
{
	struct json_out out = {.buf = &saying->answer.body};

	buf_reset(&saying->answer.body);
	saying->answer.status = status;
	json_open_object(&out, NULL);
	json_put_cstr(&out, "id", saying->said.objection);
	json_put_cstr(&out, "state", state);
	json_close_object(&out);
}

static void
saying_on_loop(struct http_exchange *exchange, void *argument)
{
	struct saying *saying = argument;

	(void)exchange;
	if (saying->kept)
		saying_end(saying, 202, "pending");
	else
		answer_problem(&saying->answer, 503, "not_ready",
		    "The store failed", "It was not taken; try again.");
	answer_send(&saying->answer);
}

static void
saying_on_carried(void *context, enum courier_outcome outcome)
{
	struct saying *saying = context;

	saying->kept = outcome == COURIER_KEPT;
	http_defer(saying->answer.exchange, saying_on_loop, saying);
}

static void
saying_on_logged(struct answer *answer)
{
	struct saying *saying = (struct saying *)answer;
	struct letter *letter = saying->letter;

	if (letter == NULL) {
		if (answer->status >= 400)
			answer_add_receipt(answer);
		answer_send(answer);
		return;
	}
	saying->letter = NULL;
	follow_carry(answer->node->follow, letter);
}

static void
saying_write_letter(
    struct saying *saying, struct span document, struct span claims)
{
	struct letter *letter = mem_new(sizeof(*letter));

	letter->kind = UPWARD_STATEMENT;
	memcpy(
	    letter->order.id, saying->said.objection, sizeof(letter->order.id));
	memcpy(letter->order.subject, saying->said.subject,
	    sizeof(letter->order.subject));
	letter->is_vouched = span_equal(document, claims);
	letter->order.time_us = saying->said.time_us;
	buf_add(&letter->document, document.ptr, document.len);
	buf_add(&letter->claims, claims.ptr, claims.len);
	letter->done = saying_on_carried;
	letter->context = saying;
	saying->letter = letter;
}

/* Against what stream 0000 says of the objection; the same again is no harm.
 */
static bool
saying_is_next(struct saying *saying, const struct json *objection)
{
	struct answer *answer = &saying->answer;
	struct span stated = json_text(json_find(objection, "stated"));
	int64_t stated_us = INT64_MIN;

	if (stated.ptr != NULL && clock_parse(stated, &stated_us) != ERR_OK)
		stated_us = INT64_MIN;
	if (saying->said.time_us == stated_us &&
	    span_is(json_text(json_find(objection, "statement")),
		saying->said.text)) {
		saying_end(
		    saying, 200, json_cstr(json_find(objection, "state"), "?"));
		return false;
	}
	if (!declaration_is_due(objection) ||
	    json_int(json_find(objection, "statements"), 0) >= DECLARATIONS_MAX)
		answer_problem(answer, 409, "objection_state",
		    "Nothing can be stated about it",
		    "It was refused or terminated, or it was stated twenty "
		    "times.");
	else if (saying->said.time_us <= stated_us)
		answer_problem(answer, 409, "not_newer",
		    "It is not newer than the last statement", NULL);
	else
		return true;
	return false;
}

static void
saying_take(struct saying *saying, struct span document, struct span claims)
{
	struct snapshot *snapshot = store_snapshot(saying->answer.node->store);
	struct order about = {0};
	struct buf known = {0};
	struct json *objection = NULL;
	bool pending = false;
	enum err err;

	memcpy(about.id, saying->said.objection, sizeof(about.id));
	memcpy(about.subject, saying->said.subject, sizeof(about.subject));
	err = filings_find(snapshot, &about, &known, &pending);
	snapshot_release(snapshot);
	if (err == ERR_OK && !pending)
		objection = json_parse(buf_span(&known), NULL);
	if (err != ERR_OK)
		answer_problem(&saying->answer, 404, "not_found",
		    "No such objection of yours", NULL);
	else if (pending || saying_is_next(saying, objection))
		saying_write_letter(saying, document, claims);
	json_free(objection);
	buf_release(&known);
	answer_log(&saying->answer);
}

/* Signed by the subject, or under its certificate. */
static enum err
saying_read(struct saying *saying, struct span body, struct buf *claims,
    struct why *why)
{
	struct node *node = saying->answer.node;
	const char *id = http_path_param(saying->answer.exchange, "id");
	enum err err;

	if (body.len > 0 && body.ptr[0] == '{') {
		err = declaration_parse(body, &saying->said, why);
		buf_add(claims, body.ptr, body.len);
	} else {
		err = declaration_check(
		    body, node->trust, node_hub_time(node), &saying->said, why);
		(void)jws_peek(body, claims);
	}
	if (err == ERR_OK && strcmp(id, saying->said.objection) != 0)
		err = why_set(why, ERR_INVALID, "it is about another one");
	return err;
}

/* What is not even a document is not logged: it is about nobody. */
static void
saying_reject(struct saying *saying, int status, const char *type,
    const char *title, const char *detail)
{
	http_reply_problem(
	    saying->answer.exchange, status, type, title, detail);
	saying_release(&saying->answer);
}

void
declarations_on_put(struct http_exchange *exchange, void *context)
{
	struct saying *saying = mem_new(sizeof(*saying));
	struct span body = http_body(exchange);
	struct access *access = &saying->answer.access;
	struct buf claims = {0};
	struct why why = {""};

	answer_init(&saying->answer, context, exchange, "objection");
	saying->answer.then = saying_on_logged;
	saying->answer.release = saying_release;
	if (node_hub_time(context) == 0) {
		saying_reject(saying, 503, "not_ready", "Not ready yet",
		    "The hub's time is not known yet.");
	} else if (saying_read(saying, body, &claims, &why) != ERR_OK) {
		saying_reject(saying, 400, "objection_invalid",
		    "Not a valid statement", why.text);
	} else {
		memcpy(access->subject, saying->said.subject,
		    sizeof(saying->said.subject));
		if (strcmp(access->member, saying->said.subject) == 0) {
			saying_take(saying, body, buf_span(&claims));
		} else {
			access->rule = PERMIT_MEMBER_KIND;
			answer_problem(&saying->answer, 403, "not_yours",
			    "Not yours", "Only the subject itself states.");
			answer_log(&saying->answer);
		}
	}
	buf_release(&claims);
}
