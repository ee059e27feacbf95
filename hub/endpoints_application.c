/*
 * endpoints: applications for the member list.
 */
#include "hub/endpoints.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "hub/action.h"
#include "hub/application.h"
#include "hub/enrolment.h"
#include "hub/inquiry.h"

#define LIST_MAX 500

static void
finish(
    struct inquiry *inquiry, struct pg *pg, enum err err, const struct why *why)
{
	struct answer *answer = &inquiry->answer;

	if (pg_end(pg, err == ERR_OK) != ERR_OK || err == ERR_DATABASE)
		answer_fail(answer, ERR_DATABASE, "no database");
	else if (err == ERR_CONFLICT)
		answer_refuse(
		    answer, 409, "application_state", "%s", why->text);
	else if (err != ERR_OK)
		answer_fail(answer, err, why->text);
}

static void
fill_list(struct inquiry *inquiry, struct ledger *ledger)
{
	const struct application_question question = {.state = inquiry->from,
	    .code = inquiry->id,
	    .after = inquiry->after,
	    .limit = inquiry->limit,
	    .persons = inquiry->hub->settings.admission_persons};
	struct pg *pg = ledger_pg(ledger);
	struct why why = {""};

	pg_begin(pg);
	finish(inquiry, pg,
	    application_print_list(pg, &question, &inquiry->answer.body), &why);
}

/* State in `from`, code in `id`. */
void
application_on_list(struct http_exchange *exchange, void *context)
{
	const char *state = http_query(exchange, "state");
	const char *code = http_query(exchange, "code");
	int64_t after = inquiry_number(exchange, "after", 0, 0);
	int64_t limit = inquiry_number(exchange, "limit", 100, 1);
	struct inquiry *inquiry;
	struct member who;

	if (!inquiry_admit_operator(exchange, context, &who))
		return;
	if (state == NULL)
		state = "open";
	if (!application_state_is_known(state) || after < 0 || limit < 0 ||
	    (code != NULL && !member_code_is_valid(span_of(code)))) {
		answer_problem(exchange, 400, "malformed",
		    "state: open, closed or all; code; after, limit: numbers");
		return;
	}
	inquiry = inquiry_new(exchange, context, &who, fill_list);
	strcpy(inquiry->from, state);
	strcpy(inquiry->id, code != NULL ? code : "");
	inquiry->after = after;
	inquiry->limit = limit < LIST_MAX ? limit : LIST_MAX;
	inquiry_post(inquiry);
}

/* Of a member `note` of at most APPLICATION_NOTE_MAX bytes, borrowed. */
static bool
read_note(const struct json *root, struct span *note)
{
	const struct json *value = json_find(root, "note");

	*note = json_text(value);
	if (value == NULL)
		*note = span_of("");
	return note->ptr != NULL && note->len <= APPLICATION_NOTE_MAX;
}

static enum err
parse_application(const struct json *root, struct member *member,
    struct span *note, struct why *why)
{
	static const char *const names[] = {"document", "note", NULL};
	struct buf document = {0};
	enum err err;

	if (!json_is_object(root) || !json_has_only(root, names, NULL) ||
	    !json_is_object(json_find(root, "document")) ||
	    !read_note(root, note))
		return why_set(why, ERR_INVALID,
		    "document: a member document; note: a short text");
	json_print(json_find(root, "document"), &document);
	err = member_parse(buf_span(&document), member, why);
	buf_release(&document);
	return err;
}

static void
note_action(struct pg *pg, const struct inquiry *inquiry, const char *code,
    int64_t id, const char *state)
{
	struct buf detail = {0};
	struct json_out json = {.buf = &detail};

	json_open_object(&json, NULL);
	json_put_int(&json, "application", id);
	json_put_cstr(&json, "state", state);
	json_close_object(&json);
	action_note(
	    pg, inquiry->who.code, "application", code, buf_span(&detail));
	buf_release(&detail);
}

static void
tell(const struct hub *hub)
{
	news_tell(hub->news, NEWS_MEMBERS);
	news_tell(hub->news, NEWS_ACTIONS);
}

static void
fill_new(struct inquiry *inquiry, struct ledger *ledger)
{
	struct json *root = json_parse(buf_span(&inquiry->body), NULL);
	struct pg *pg = ledger_pg(ledger);
	struct why why = {""};
	struct member member;
	struct span note = span_of("");
	int64_t id = 0;
	enum err err = parse_application(root, &member, &note, &why);

	pg_begin(pg);
	if (err == ERR_OK)
		err = application_file(
		    pg, inquiry->who.code, &member, note, &id, &why);
	if (err == ERR_OK) {
		note_action(pg, inquiry, member.code, id, "applied");
		err = application_print(pg, id, &inquiry->answer.body);
	}
	finish(inquiry, pg, err, &why);
	if (err == ERR_OK)
		tell(inquiry->hub);
	json_free(root);
}

void
application_on_new(struct http_exchange *exchange, void *context)
{
	struct member who;

	if (inquiry_admit_actor(exchange, context, &who))
		inquiry_post(inquiry_new(exchange, context, &who, fill_new));
}

/* Number in `after`, verb in `id`, note in `body`. */
static void
fill_verdict(struct inquiry *inquiry, struct ledger *ledger)
{
	const struct application_verdict verdict = {.id = inquiry->after,
	    .verb = inquiry->id,
	    .who = inquiry->who.code,
	    .note = buf_span(&inquiry->body),
	    .persons = inquiry->hub->settings.admission_persons};
	struct pg *pg = ledger_pg(ledger);
	struct why why = {""};
	struct member member;
	enum err err;

	pg_begin(pg);
	err = application_read(pg, &verdict, &member, &why);
	if (err == ERR_OK)
		err = application_decide(pg, &verdict, &why);
	if (err == ERR_OK) {
		note_action(pg, inquiry, member.code, verdict.id,
		    strcmp(verdict.verb, "review") == 0 ? "reviewed"
							: "refused");
		err = application_print(pg, verdict.id, &inquiry->answer.body);
	}
	finish(inquiry, pg, err, &why);
	if (err == ERR_OK)
		tell(inquiry->hub);
}

/* "{id}" of the path; 0 when it is no number. */
static int64_t
id_of(const struct http_exchange *exchange)
{
	const char *text = http_path_param(exchange, "id");

	if (*text < '1' || *text > '9' || strlen(text) > 18 ||
	    strspn(text, "0123456789") != strlen(text))
		return 0;
	return strtoll(text, NULL, 10);
}

static void
post_verdict(struct http_exchange *exchange, struct hub *hub,
    const struct member *who, struct span note)
{
	const char *verb = http_path_param(exchange, "verb");
	struct enrolment *enrolment;
	struct inquiry *inquiry;

	if (strcmp(verb, "admit") == 0) {
		enrolment = enrolment_new(exchange, hub, who, 1);
		enrolment->application = id_of(exchange);
		memcpy(enrolment->note, note.ptr, note.len);
		enrolment_post(enrolment);
		return;
	}
	inquiry = inquiry_new(exchange, hub, who, fill_verdict);
	inquiry->after = id_of(exchange);
	strcpy(inquiry->id, verb);
	buf_reset(&inquiry->body);
	buf_add(&inquiry->body, note.ptr, note.len);
	inquiry_post(inquiry);
}

/* {"note"}, or no body at all. */
void
application_on_verdict(struct http_exchange *exchange, void *context)
{
	static const char *const names[] = {"note", NULL};
	struct span body = http_body(exchange), note = span_of("");
	struct json *root = NULL;
	struct member who;
	bool good = true;

	if (!inquiry_admit_actor(exchange, context, &who))
		return;
	if (id_of(exchange) == 0 ||
	    !application_verb_is_known(http_path_param(exchange, "verb"))) {
		answer_problem(exchange, 404, "not_found", NULL);
		return;
	}
	if (body.len > 0) {
		root = json_parse(body, NULL);
		good = json_is_object(root) &&
		       json_has_only(root, names, NULL) &&
		       read_note(root, &note);
	}
	if (good)
		post_verdict(exchange, context, &who, note);
	else
		answer_problem(
		    exchange, 400, "malformed", "{\"note\":\"…\"} or nothing");
	json_free(root);
}
