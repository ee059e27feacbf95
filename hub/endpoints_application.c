/*
 * endpoints: applications for the member list.
 */
#include "hub/endpoints.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
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

static bool
find_member(const struct hub *hub, struct span code, struct member *member)
{
	const struct members *members = shared_hold(hub->members);
	const struct member *known = NULL;
	char text[MEMBER_CODE_MAX + 1] = "";

	if (code.ptr != NULL && code.len <= MEMBER_CODE_MAX) {
		memcpy(text, code.ptr, code.len);
		known = members_find(members, text);
	}
	if (known != NULL)
		*member = *known;
	shared_drop(hub->members, members);
	return known != NULL;
}

static enum err
parse_document(
    const struct json *document, struct member *member, struct why *why)
{
	struct buf text = {0};
	enum err err;

	json_print(document, &text);
	err = member_parse(buf_span(&text), member, why);
	buf_release(&text);
	return err;
}

/* The successor as the list has it; what cannot be is said at once. */
static enum err
parse_takeover(const struct hub *hub, const struct json *root,
    struct application_wish *wish, struct why *why)
{
	struct member *both = mem_new(2 * sizeof(*both));
	struct span code = json_text(json_find(root, "code"));
	struct buf text = {0};
	enum err err;

	json_print(json_find(root, "takeover"), &text);
	err = takeover_parse(buf_span(&text), &wish->takeover, why);
	buf_release(&text);
	if (err == ERR_OK &&
	    (!find_member(hub, code, &wish->member) ||
		!find_member(hub, span_of(wish->takeover.from), &both[0])))
		err = why_set(why, ERR_MISSING, "no such platform");
	if (err == ERR_OK) {
		both[1] = wish->member;
		err = takeover_apply(&wish->takeover, &both[0], &both[1], why);
	}
	mem_free(both);
	return err;
}

/* A member document; or a takeover by the platform `code`. */
static enum err
parse_application(const struct hub *hub, const struct json *root,
    struct application_wish *wish, struct span *note, struct why *why)
{
	static const char *const puts[] = {"document", "note", NULL};
	static const char *const moves[] = {"code", "takeover", "note", NULL};
	bool is_put = json_is_object(json_find(root, "document"));

	if (!json_is_object(root) ||
	    !json_has_only(root, is_put ? puts : moves, NULL) ||
	    (!is_put && !json_is_object(json_find(root, "takeover"))) ||
	    !read_note(root, note))
		return why_set(why, ERR_INVALID,
		    "document: a member document, or code and takeover; "
		    "note: a short text");
	return is_put ? parse_document(
			    json_find(root, "document"), &wish->member, why)
		      : parse_takeover(hub, root, wish, why);
}

static void
note_action(struct pg *pg, const struct inquiry *inquiry,
    const struct application_wish *wish, int64_t id, const char *state)
{
	struct buf detail = {0};
	struct json_out json = {.buf = &detail};

	json_open_object(&json, NULL);
	json_put_int(&json, "application", id);
	json_put_cstr(&json, "state", state);
	if (wish->takeover.from[0] != '\0')
		json_put_cstr(&json, "from", wish->takeover.from);
	json_close_object(&json);
	action_note(pg, inquiry->who.code, "application", wish->member.code,
	    buf_span(&detail));
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
	struct application_wish wish = {0};
	struct why why = {""};
	struct span note = span_of("");
	int64_t id = 0;
	enum err err =
	    parse_application(inquiry->hub, root, &wish, &note, &why);
	bool fits = err != ERR_CONFLICT;

	pg_begin(pg);
	if (err == ERR_OK)
		err = application_file(
		    pg, inquiry->who.code, &wish, note, &id, &why);
	if (err == ERR_OK) {
		note_action(pg, inquiry, &wish, id, "applied");
		err = application_print(pg, id, &inquiry->answer.body);
	}
	finish(inquiry, pg, err, &why);
	if (!fits)
		inquiry->answer.problem = "platform_conflict";
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
	struct application_wish wish = {0};
	struct why why = {""};
	enum err err;

	pg_begin(pg);
	err = application_read(pg, &verdict, &wish, &why);
	if (err == ERR_OK)
		err = application_decide(pg, &verdict, &why);
	if (err == ERR_OK) {
		note_action(pg, inquiry, &wish, verdict.id,
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
