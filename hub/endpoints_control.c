/*
 * endpoints: catalogue and members.
 */
#include "hub/endpoints.h"

#include "base/log.h"
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

static void
put_member(struct inquiry *inquiry, struct ledger *ledger)
{
	struct hub *hub = inquiry->hub;
	struct member member;
	struct why why = {0};
	enum err err = member_parse(buf_span(&inquiry->body), &member, &why);

	if (err == ERR_OK)
		err = control_admit(ledger, &member, &why);
	if (err == ERR_OK)
		err = hub_reload_members(hub, ledger, &why);
	if (err != ERR_OK) {
		answer_fail(&inquiry->answer, err, why.text);
		return;
	}
	member_print(&member, &inquiry->answer.body);
	publish_wake(hub->publish);
	log_info("member.put", "kind=%s status=%s",
	    member_kind_name(member.kind), member_status_name(member.status));
}

void
control_on_new_member(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	struct member who;

	if (inquiry_admit_operator(exchange, hub, &who))
		inquiry_post(inquiry_new(exchange, hub, &who, put_member));
}
