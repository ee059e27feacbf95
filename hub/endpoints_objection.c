/*
 * endpoints: objections: who has filed what, and what is decided.
 */
#include "hub/endpoints.h"

#include <stdio.h>

#include "base/codec.h"
#include "base/json.h"
#include "base/mem.h"
#include "credit/paper.h"
#include "hub/catalogue.h"
#include "hub/inquiry.h"
#include "hub/material.h"
#include "hub/objection.h"

static const struct {
	const char *word;
	enum objection_verb verb;
} verbs[] = {{"accept", OBJECTION_ACCEPT}, {"refuse", OBJECTION_REFUSE},
    {"suspend", OBJECTION_SUSPEND}, {"resume", OBJECTION_RESUME},
    {"decide", OBJECTION_DECIDE}, {"terminate", OBJECTION_TERMINATE},
    {"join", OBJECTION_JOIN}, {"part", OBJECTION_PART}};

static void
fill_decision(struct inquiry *inquiry, struct ledger *ledger)
{
	struct hub *hub = inquiry->hub;
	const struct catalogue *catalogue = shared_hold(hub->catalogue);
	struct objection_act act = {.verb = (enum objection_verb)inquiry->after,
	    .id = inquiry->id,
	    .who = &inquiry->who,
	    .body = buf_span(&inquiry->body),
	    .catalog = catalogue != NULL ? catalogue->catalog : NULL};
	struct objection_answer answer = {0};
	struct why why = {""};
	enum err err = ERR_BUSY;

	if (catalogue != NULL)
		err = objection_do(ledger, &act, &answer, &why);
	shared_drop(hub->catalogue, catalogue);
	if (err == ERR_OK) {
		buf_add(&inquiry->answer.body, answer.document.data,
		    answer.document.len);
		publish_wake(hub->publish);
	} else if (err == ERR_INVALID && answer.type != NULL) {
		answer_refuse(&inquiry->answer, answer.status, answer.type,
		    "%s", why.text);
	} else {
		answer_fail(&inquiry->answer, err, "no database");
	}
	buf_release(&answer.document);
}

/* The provider department (which, the desk looks up) or an operator. */
static bool
admit(struct http_exchange *exchange, const struct hub *hub, struct member *who)
{
	if (!inquiry_admit(exchange, hub, who))
		return false;
	if (who->kind == MEMBER_OPERATOR)
		return inquiry_admit_actor(exchange, hub, who);
	if (who->kind == MEMBER_DEPARTMENT)
		return true;
	answer_problem(
	    exchange, 403, "member_kind", "for departments and operators");
	return false;
}

void
objection_on_act(struct http_exchange *exchange, void *context)
{
	const char *id = http_path_param(exchange, "id");
	const char *word = http_path_param(exchange, "verb");
	struct hub *hub = context;
	struct inquiry *inquiry;
	struct member who;
	size_t i = 0;

	if (!admit(exchange, hub, &who))
		return;
	while (i < OBJECTION_VERBS && strcmp(verbs[i].word, word) != 0)
		i++;
	if (i == OBJECTION_VERBS || !consent_id_is_valid(span_of(id))) {
		answer_problem(exchange, 404, "not_found", NULL);
		return;
	}
	inquiry = inquiry_new(exchange, hub, &who, fill_decision);
	snprintf(inquiry->id, sizeof(inquiry->id), "%s", id);
	inquiry->after = (int64_t)verbs[i].verb;
	inquiry_post(inquiry);
}

/* What is asked for waits in the body: state, provider, place and the id
 * before, with a NUL behind each. */
static void
fill_list(struct inquiry *inquiry, struct ledger *ledger)
{
	const char *at = inquiry->body.data;
	struct pg *pg = ledger_pg(ledger);
	struct objection_filter filter;
	enum err err;

	filter.state = at;
	filter.provider = filter.state + strlen(filter.state) + 1;
	filter.place = filter.provider + strlen(filter.provider) + 1;
	filter.after = filter.place + strlen(filter.place) + 1;
	pg_begin(pg);
	err = objection_print_list(pg, &filter, &inquiry->answer.body);
	if (pg_end(pg, true) != ERR_OK || err != ERR_OK)
		answer_fail(&inquiry->answer, ERR_DATABASE, "no database");
}

static void
put_word(struct inquiry *inquiry, const char *word)
{
	buf_add(&inquiry->body, word, strlen(word) + 1);
}

static const char *
asked(const struct http_exchange *exchange, const char *name)
{
	const char *text = http_query(exchange, name);

	return text != NULL ? text : "";
}

/* All that can be asked for is spelled as an id is. */
static bool
is_a_question(const struct http_exchange *exchange)
{
	static const char *const names[] = {
	    "state", "provider", "place", "after"};
	const char *text;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		text = asked(exchange, names[i]);
		if (*text != '\0' && !consent_id_is_valid(span_of(text)))
			return false;
	}
	return true;
}

void
objection_on_list(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	struct inquiry *inquiry;
	struct member who;

	if (!inquiry_admit(exchange, hub, &who))
		return;
	if (who.kind != MEMBER_DEPARTMENT && who.kind != MEMBER_OPERATOR) {
		answer_problem(exchange, 403, "member_kind",
		    "for departments and operators");
		return;
	}
	if (!inquiry_admit_reader(exchange, &who))
		return;
	if (!is_a_question(exchange)) {
		answer_problem(exchange, 400, "malformed",
		    "state, provider, place, after: an objection's id");
		return;
	}
	inquiry = inquiry_new(exchange, hub, &who, fill_list);
	buf_reset(&inquiry->body);
	put_word(inquiry, asked(exchange, "state"));
	put_word(inquiry, who.kind == MEMBER_DEPARTMENT
			      ? who.code
			      : asked(exchange, "provider"));
	put_word(inquiry, asked(exchange, "place"));
	put_word(inquiry, asked(exchange, "after"));
	inquiry_post(inquiry);
}

/* Its subject, its department and operators. */
static bool
may_see(const struct member *who, const struct json *objection)
{
	return who->kind == MEMBER_OPERATOR ||
	       strcmp(json_cstr(json_find(objection, "subject"), ""),
		   who->code) == 0 ||
	       strcmp(json_cstr(json_find(objection, "provider"), ""),
		   who->code) == 0;
}

static void
put_page(struct answer *answer, const struct page *page, bool html)
{
	if (html)
		page_print_html(page, &answer->body);
	else
		paper_print_text(page, &answer->body);
	answer->is_page = html;
	answer->content_type =
	    html ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
}

static void
print_paper(struct inquiry *inquiry, const struct json *objection)
{
	const char *code = json_cstr(json_find(objection, "provider"), "");
	const struct catalogue *catalogue =
	    shared_hold(inquiry->hub->catalogue);
	const struct members *members = shared_hold(inquiry->hub->members);
	const struct member *provider = members_find(members, code);
	const struct member *subject = members_find(
	    members, json_cstr(json_find(objection, "subject"), ""));
	struct paper_names names = {
	    .provider = provider != NULL ? provider->name : code,
	    .subject = subject != NULL ? subject->name : ""};
	struct page *page;

	if (catalogue != NULL)
		names.item = catalog_find_item(catalogue->catalog,
		    (uint32_t)json_int(json_find(objection, "item"), 0));
	page = paper_new((enum paper_kind)inquiry->after, objection, &names,
	    inquiry->english ? PAGE_EN : PAGE_ZH);
	if (page != NULL)
		put_page(&inquiry->answer, page, inquiry->html);
	else
		answer_refuse(&inquiry->answer, 409, "objection_state",
		    "it does not stand so that there is such a paper");
	page_free(page);
	shared_drop(inquiry->hub->members, members);
	shared_drop(inquiry->hub->catalogue, catalogue);
}

static void
fill_paper(struct inquiry *inquiry, struct ledger *ledger)
{
	struct pg *pg = ledger_pg(ledger);
	struct buf document = {0};
	struct json *objection;
	enum err err, ended;

	pg_begin(pg);
	err = objection_find(pg, inquiry->id, &document);
	ended = pg_end(pg, true);
	objection = json_parse(buf_span(&document), NULL);
	if (ended != ERR_OK)
		answer_fail(&inquiry->answer, ended, "no database");
	else if (err != ERR_OK)
		answer_refuse(
		    &inquiry->answer, 404, "not_found", "no such objection");
	else if (!may_see(&inquiry->who, objection))
		answer_refuse(&inquiry->answer, 403, "not_yours",
		    "for its subject, its department and operators");
	else
		print_paper(inquiry, objection);
	json_free(objection);
	buf_release(&document);
}

/* Text unless HTML is named. */
static bool
wants_html(const struct http_exchange *exchange)
{
	const char *accept = http_header(exchange, "accept");

	return accept != NULL && strstr(accept, "text/html") != NULL;
}

void
objection_on_paper(struct http_exchange *exchange, void *context)
{
	const char *id = http_path_param(exchange, "id");
	enum paper_kind kind =
	    paper_kind_parse(http_path_param(exchange, "kind"));
	struct hub *hub = context;
	struct inquiry *inquiry;
	struct member who;

	if (!inquiry_admit(exchange, hub, &who) ||
	    !inquiry_admit_reader(exchange, &who))
		return;
	if (kind == PAPER_KINDS || !consent_id_is_valid(span_of(id))) {
		answer_problem(exchange, 404, "not_found", NULL);
		return;
	}
	inquiry = inquiry_new(exchange, hub, &who, fill_paper);
	snprintf(inquiry->id, sizeof(inquiry->id), "%s", id);
	inquiry->after = (int64_t)kind;
	inquiry->html = wants_html(exchange);
	inquiry->english = strcmp(asked(exchange, "lang"), "en") == 0;
	inquiry_post(inquiry);
}

/* Its department and operators; the subject has it. */
static bool
may_read_material(const struct member *who, const struct json *objection)
{
	return who->kind != MEMBER_SUBJECT && may_see(who, objection);
}

static void
send_material(struct inquiry *inquiry, struct pg *pg)
{
	struct digest digest;
	enum err err;

	memcpy(digest.bytes, inquiry->body.data, DIGEST_LEN);
	err = material_read(pg, inquiry->id, &digest, &inquiry->answer.body);
	if (err != ERR_OK) {
		answer_refuse(&inquiry->answer, err == ERR_MISSING ? 404 : 503,
		    err == ERR_MISSING ? "not_found" : "not_ready",
		    "it has not come, or its time is over");
		return;
	}
	inquiry->answer.is_file = true;
	inquiry->answer.content_type =
	    material_type(buf_span(&inquiry->answer.body));
}

static void
fill_material(struct inquiry *inquiry, struct ledger *ledger)
{
	struct pg *pg = ledger_pg(ledger);
	struct buf document = {0};
	struct json *objection;
	enum err err;

	pg_begin(pg);
	err = objection_find(pg, inquiry->id, &document);
	objection = json_parse(buf_span(&document), NULL);
	if (err == ERR_DATABASE)
		answer_fail(&inquiry->answer, err, "no database");
	else if (err != ERR_OK)
		answer_refuse(
		    &inquiry->answer, 404, "not_found", "no such objection");
	else if (!may_read_material(&inquiry->who, objection))
		answer_refuse(&inquiry->answer, 403, "not_yours",
		    "for its department and operators");
	else
		send_material(inquiry, pg);
	if (pg_end(pg, true) != ERR_OK)
		answer_fail(&inquiry->answer, ERR_DATABASE, "no database");
	json_free(objection);
	buf_release(&document);
}

void
objection_on_material(struct http_exchange *exchange, void *context)
{
	const char *id = http_path_param(exchange, "id");
	struct span hex = span_of(http_path_param(exchange, "sha256"));
	struct hub *hub = context;
	struct inquiry *inquiry;
	struct member who;
	struct buf raw = {0};

	if (!inquiry_admit(exchange, hub, &who) ||
	    !inquiry_admit_reader(exchange, &who))
		return;
	if (!consent_id_is_valid(span_of(id)) || hex.len != DIGEST_HEX_LEN ||
	    !codec_parse_hex(hex, &raw) || raw.len != DIGEST_LEN) {
		answer_problem(exchange, 404, "not_found", NULL);
	} else {
		inquiry = inquiry_new(exchange, hub, &who, fill_material);
		snprintf(inquiry->id, sizeof(inquiry->id), "%s", id);
		buf_reset(&inquiry->body);
		buf_add(&inquiry->body, raw.data, raw.len);
		inquiry_post(inquiry);
	}
	buf_release(&raw);
}
