/*
 * endpoints: catalogue and members.
 */
#include "hub/endpoints.h"

#include "base/log.h"
#include "base/mem.h"
#include "hub/catalogue.h"
#include "hub/control.h"
#include "hub/inquiry.h"

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
	catalogue = shared_hold(hub->catalogue);
	if (catalogue == NULL)
		answer_problem(exchange, 404, "not_found", "no catalogue yet");
	else if (accept != NULL && strstr(accept, "application/jose") != NULL)
		http_reply(exchange, 200, "application/jose",
		    buf_span(&catalogue->jws));
	else
		http_reply(exchange, 200, "application/json",
		    buf_span(&catalogue->json));
	shared_drop(hub->catalogue, catalogue);
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
		publish_wake(hub->publish);
		log_info("catalogue.new", "version=%llu", version);
	}
}

void
control_on_new_catalogue(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	struct member who;

	if (inquiry_admit_operator(exchange, hub, &who))
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
	http_reply(exchange, 200, "application/json", buf_span(&body));
	buf_release(&body);
}

/* A member's document on its way to the desk and back. */
struct enrolment {
	struct desk_job job; /* first */
	struct hub *hub;
	struct http_exchange *exchange;
	struct member member;
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

static bool
enrolment_join(struct desk_job *job, struct control_round *round)
{
	struct enrolment *enrolment = (struct enrolment *)job;

	return control_put_member(round, &enrolment->member, NULL) == ERR_OK;
}

static void
enrolment_done(struct desk_job *job, struct ledger *ledger, enum err err)
{
	struct enrolment *enrolment = (struct enrolment *)job;
	const struct member *member = &enrolment->member;
	struct why why = {"ledger"};

	if (err == ERR_OK)
		err = hub_reload_members(enrolment->hub, ledger, &why);
	if (err != ERR_OK) {
		answer_fail(&enrolment->answer, err, why.text);
	} else {
		member_print(member, &enrolment->answer.body);
		publish_wake(enrolment->hub->publish);
		log_info("member.put", "kind=%s status=%s",
		    member_kind_name(member->kind),
		    member_status_name(member->status));
	}
	http_defer(enrolment->exchange, enrolment_on_loop, enrolment);
}

static void
enrol(struct hub *hub, struct http_exchange *exchange,
    const struct member *member)
{
	struct enrolment *enrolment = mem_new(sizeof(*enrolment));

	enrolment->job.join = enrolment_join;
	enrolment->job.done = enrolment_done;
	enrolment->hub = hub;
	enrolment->exchange = exchange;
	enrolment->member = *member;
	enrolment->answer.status = 200;
	if (desk_post(hub->desk, &enrolment->job))
		return;
	answer_problem(exchange, 503, "busy", NULL);
	mem_free(enrolment);
}

void
control_on_new_member(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	struct answer refusal = {0};
	struct member who, member;
	struct why why = {0};
	enum err err;

	if (!inquiry_admit_operator(exchange, hub, &who))
		return;
	err = member_parse(http_body(exchange), &member, &why);
	if (err == ERR_OK) {
		enrol(hub, exchange, &member);
		return;
	}
	answer_fail(&refusal, err, why.text);
	answer_send(&refusal, exchange);
	answer_release(&refusal);
}
