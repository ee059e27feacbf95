/*
 * endpoints: catalogue and members.
 */
#include "hub/endpoints.h"

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub/action.h"
#include "hub/catalogue.h"
#include "hub/control.h"
#include "hub/inquiry.h"
#include "wire/http_tag.h"

/* The payload as JSON, or the signed document for who asks for JOSE. */
void
control_on_catalogue(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	const char *accept = http_header(exchange, "accept");
	const struct catalogue *catalogue;
	struct member who;

	if (!inquiry_admit(exchange, hub, &who))
		return;
	http_reply_header(exchange, "vary", "accept");
	catalogue = shared_hold(hub->catalogue);
	if (catalogue == NULL)
		answer_problem(exchange, 404, "not_found", "no catalogue yet");
	else if (accept != NULL && strstr(accept, "application/jose") != NULL)
		http_tag_reply(
		    exchange, "application/jose", buf_span(&catalogue->jws));
	else
		http_tag_reply(
		    exchange, "application/json", buf_span(&catalogue->json));
	shared_drop(hub->catalogue, catalogue);
}

/* The catalogue is a record in a transaction of its own by now. */
static void
note_catalogue(
    struct inquiry *inquiry, struct ledger *ledger, unsigned long long version)
{
	struct pg *pg = ledger_pg(ledger);
	struct buf number = {0};

	buf_print(&number, "%llu", version);
	pg_begin(pg);
	action_note(pg, inquiry->who.code, "catalogue", buf_cstr(&number),
	    span_of("{}"));
	if (pg_end(pg, true) != ERR_OK)
		log_error("action.failed", "what=catalogue");
	buf_release(&number);
	news_tell(inquiry->hub->news, NEWS_CATALOGUE);
	news_tell(inquiry->hub->news, NEWS_ACTIONS);
}

static void
put_catalogue(struct inquiry *inquiry, struct ledger *ledger)
{
	struct hub *hub = inquiry->hub;
	struct why why = {0};
	enum err err = control_put_catalogue(
	    ledger, hub->catalogue_verifier, buf_span(&inquiry->body), &why);

	if (err == ERR_OK)
		err = hub_reload_catalogue(hub, ledger, &why);
	if (err == ERR_CONFLICT) {
		answer_refuse(
		    &inquiry->answer, 409, "not_newer", "%s", why.text);
	} else if (err != ERR_OK) {
		answer_fail(&inquiry->answer, err, why.text);
	} else {
		const struct catalogue *now = shared_hold(hub->catalogue);
		unsigned long long version = catalog_version(now->catalog);

		shared_drop(hub->catalogue, now);
		buf_print(&inquiry->answer.body, "{\"version\":%llu}", version);
		note_catalogue(inquiry, ledger, version);
		publish_wake(hub->publish);
		log_info("catalogue.new", "version=%llu", version);
	}
}

void
control_on_new_catalogue(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	struct member who;

	if (inquiry_admit_actor(exchange, hub, &who))
		inquiry_post(inquiry_new(exchange, hub, &who, put_catalogue));
}

void
control_on_members(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	const struct members *members;
	struct member who;
	struct buf body = {0};

	if (!inquiry_admit(exchange, hub, &who))
		return;
	members = shared_hold(hub->members);
	members_print(members, &body);
	shared_drop(hub->members, members);
	http_tag_reply(exchange, "application/json", buf_span(&body));
	buf_release(&body);
}

/* A change of the member list on its way to the desk and back. */
struct enrolment {
	struct desk_job job; /* first */
	struct hub *hub;
	struct http_exchange *exchange;
	char who[MEMBER_CODE_MAX + 1];  /* the operator */
	struct takeover takeover;       /* from nobody: one member is put */
	char code[MEMBER_CODE_MAX + 1]; /* of the successor */
	struct member list[2];
	size_t count;
	enum err err; /* what came of it, if the round ends well */
	struct why why;
	struct answer answer;
};

static void
enrolment_on_loop(struct http_exchange *exchange, void *argument)
{
	struct enrolment *enrolment = argument;

	answer_send(&enrolment->answer, exchange);
	answer_release(&enrolment->answer);
	mem_free(enrolment);
}

/* What the operator sees of it later. */
static void
enrolment_note(const struct enrolment *enrolment, struct pg *pg)
{
	bool moves = enrolment->takeover.from[0] != '\0';
	const struct member *last = &enrolment->list[enrolment->count - 1];
	struct buf detail = {0};
	struct json_out json = {.buf = &detail};

	json_open_object(&json, NULL);
	json_put_cstr(&json, "name", last->name);
	json_put_cstr(&json, "kind", member_kind_name(last->kind));
	json_put_cstr(&json, "status", member_status_name(last->status));
	if (moves)
		json_put_cstr(&json, "from", enrolment->takeover.from);
	json_close_object(&json);
	action_note(pg, enrolment->who, moves ? "takeover" : "member",
	    last->code, buf_span(&detail));
	buf_release(&detail);
}

static bool
enrolment_join(struct desk_job *job, struct control_round *round)
{
	struct enrolment *enrolment = (struct enrolment *)job;

	if (enrolment->takeover.from[0] != '\0')
		enrolment->err = control_take_over(round, &enrolment->takeover,
		    enrolment->code, enrolment->list, &enrolment->why);
	else
		enrolment->err =
		    control_put_member(round, enrolment->list, &enrolment->why);
	if (enrolment->err == ERR_OK)
		enrolment_note(enrolment, control_round_pg(round));
	return enrolment->err != ERR_BUSY;
}

/* One document, or {"members":[…]}. */
static void
enrolment_print(const struct enrolment *enrolment, struct buf *out)
{
	struct json_out json = {.buf = out};
	struct buf one = {0};
	size_t i;

	if (enrolment->count == 1) {
		member_print(enrolment->list, out);
		return;
	}
	json_open_object(&json, NULL);
	json_open_array(&json, "members");
	for (i = 0; i < enrolment->count; i++) {
		buf_reset(&one);
		member_print(&enrolment->list[i], &one);
		json_put_raw(&json, NULL, buf_span(&one));
	}
	json_close_array(&json);
	json_close_object(&json);
	buf_release(&one);
}

static void
enrolment_accept(struct enrolment *enrolment)
{
	size_t i;

	enrolment_print(enrolment, &enrolment->answer.body);
	publish_wake(enrolment->hub->publish);
	news_tell(enrolment->hub->news, NEWS_MEMBERS);
	news_tell(enrolment->hub->news, NEWS_ACTIONS);
	for (i = 0; i < enrolment->count; i++)
		log_info("member.put", "kind=%s status=%s",
		    member_kind_name(enrolment->list[i].kind),
		    member_status_name(enrolment->list[i].status));
}

static void
enrolment_done(struct desk_job *job, struct ledger *ledger, enum err err)
{
	struct enrolment *enrolment = (struct enrolment *)job;
	struct answer *answer = &enrolment->answer;

	if (err != ERR_OK)
		(void)why_set(&enrolment->why, err, "ledger");
	else
		err = enrolment->err;
	if (err == ERR_OK)
		err =
		    hub_reload_members(enrolment->hub, ledger, &enrolment->why);
	if (err == ERR_CONFLICT)
		answer_refuse(answer, 409, "platform_conflict", "%s",
		    enrolment->why.text);
	else if (err != ERR_OK)
		answer_fail(answer, err, enrolment->why.text);
	else
		enrolment_accept(enrolment);
	http_defer(enrolment->exchange, enrolment_on_loop, enrolment);
}

static void
enrol(struct enrolment *enrolment)
{
	enrolment->job.join = enrolment_join;
	enrolment->job.done = enrolment_done;
	enrolment->answer.status = 200;
	if (desk_post(enrolment->hub->desk, &enrolment->job))
		return;
	answer_problem(enrolment->exchange, 503, "busy", NULL);
	mem_free(enrolment);
}

static void
enrolment_refuse(struct enrolment *enrolment, enum err err, const char *why)
{
	answer_fail(&enrolment->answer, err, why);
	enrolment_on_loop(enrolment->exchange, enrolment);
}

static struct enrolment *
enrolment_new(struct http_exchange *exchange, struct hub *hub,
    const struct member *who, size_t count)
{
	struct enrolment *enrolment = mem_new(sizeof(*enrolment));

	enrolment->hub = hub;
	strcpy(enrolment->who, who->code);
	enrolment->exchange = exchange;
	enrolment->count = count;
	return enrolment;
}

void
control_on_new_member(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	struct enrolment *enrolment;
	struct member who;
	struct why why = {0};
	enum err err;

	if (!inquiry_admit_actor(exchange, hub, &who))
		return;
	enrolment = enrolment_new(exchange, hub, &who, 1);
	err = member_parse(http_body(exchange), enrolment->list, &why);
	if (err == ERR_OK)
		enrol(enrolment);
	else
		enrolment_refuse(enrolment, err, why.text);
}

void
control_on_takeover(struct http_exchange *exchange, void *context)
{
	const char *code = http_path_param(exchange, "code");
	struct hub *hub = context;
	struct enrolment *enrolment;
	struct member who;
	struct why why = {0};
	enum err err = ERR_OK;

	if (!inquiry_admit_actor(exchange, hub, &who))
		return;
	enrolment = enrolment_new(exchange, hub, &who, 2);
	if (!member_code_is_valid(span_of(code)))
		err = why_set(&why, ERR_INVALID, "not an organisation code");
	if (err == ERR_OK) {
		memcpy(enrolment->code, code, strlen(code) + 1);
		err = takeover_parse(
		    http_body(exchange), &enrolment->takeover, &why);
	}
	if (err == ERR_OK)
		enrol(enrolment);
	else
		enrolment_refuse(enrolment, err, why.text);
}
