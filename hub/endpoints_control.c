/*
 * endpoints: catalogue and members.
 */
#include "hub/endpoints.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "credit/roster.h"
#include "hub/action.h"
#include "hub/catalogue.h"
#include "hub/control.h"
#include "hub/enrolment.h"
#include "hub/fetch.h"
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

static void
fill_batches(struct inquiry *inquiry, struct ledger *ledger)
{
	inquiry->answer.content_type = "application/x-protobuf";
	if (fetch_control(ledger_pg(ledger), (uint64_t)inquiry->after,
		&inquiry->answer.body) != ERR_OK)
		answer_fail(&inquiry->answer, ERR_DATABASE, "no database");
}

/* For platforms that cannot reach their parent. */
void
control_on_batches(struct http_exchange *exchange, void *context)
{
	int64_t after = inquiry_number(exchange, "after", -1, 0);
	struct hub *hub = context;
	struct inquiry *inquiry;
	struct member who;

	if (!inquiry_admit(exchange, hub, &who))
		return;
	if (who.kind != MEMBER_PLATFORM) {
		answer_problem(exchange, 403, "member_kind", "for platforms");
		return;
	}
	if (after < 0) {
		answer_problem(exchange, 400, "malformed",
		    "after: the last position that is held");
		return;
	}
	inquiry = inquiry_new(exchange, hub, &who, fill_batches);
	inquiry->after = after;
	inquiry_post(inquiry);
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

/* For who checks a node's signature and asks nobody. */
static void
fill_signed_members(struct inquiry *inquiry, struct ledger *ledger)
{
	const struct members *members = shared_hold(inquiry->hub->members);
	struct answer *answer = &inquiry->answer;
	struct buf list = {0};
	enum err err;

	(void)ledger;
	members_print_list(members, &(struct json_out){.buf = &list}, NULL);
	shared_drop(inquiry->hub->members, members);
	err = roster_sign(buf_span(&list), inquiry->hub->network.name,
	    clock_now_us(), inquiry->hub->receipt_signer, &answer->body);
	answer->content_type = "application/jose";
	if (err != ERR_OK)
		answer_refuse(answer, 500, "not_ready", "signature");
	buf_release(&list);
}

static bool
wants_signed(const struct http_exchange *exchange)
{
	const char *accept = http_header(exchange, "accept");

	return accept != NULL && strstr(accept, "application/jose") != NULL;
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
	http_reply_header(exchange, "vary", "accept");
	if (wants_signed(exchange) && hub->receipt_signer != NULL) {
		inquiry_post(
		    inquiry_new(exchange, hub, &who, fill_signed_members));
		return;
	}
	members = shared_hold(hub->members);
	members_print(members, &body);
	shared_drop(hub->members, members);
	http_tag_reply(exchange, "application/json", buf_span(&body));
	buf_release(&body);
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
		enrolment_post(enrolment);
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
		enrolment_post(enrolment);
	else
		enrolment_refuse(enrolment, err, why.text);
}
