/*
 * hub: what several threads ask of the hub as a whole.
 */
#include "hub/hub.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "hub/catalogue.h"
#include "hub/fetch.h"
#include "hub/upward.h"
#include "wire/pack.h"

enum err
hub_reload_members(struct hub *hub, struct ledger *ledger, struct why *why)
{
	struct pg *pg = ledger_pg(ledger);
	struct members *members;

	pg_begin(pg);
	members = members_load(pg, why);
	if (pg_end(pg, true) != ERR_OK || members == NULL) {
		members_free(members);
		return ERR_DATABASE;
	}
	shared_swap(hub->members, members);
	if (hub->bus != NULL)
		bus_review(hub->bus);
	return ERR_OK;
}

enum err
hub_reload_catalogue(struct hub *hub, struct ledger *ledger, struct why *why)
{
	struct pg *pg = ledger_pg(ledger);
	struct catalogue *catalogue;
	enum err err;

	pg_begin(pg);
	err = catalogue_load(pg, hub->catalogue_verifier, &catalogue, why);
	if (pg_end(pg, true) != ERR_OK)
		err = ERR_DATABASE;
	if (err == ERR_OK) {
		shared_swap(hub->catalogue, catalogue);
		return ERR_OK;
	}
	catalogue_free(catalogue);
	/* A new network has none yet. */
	return err == ERR_MISSING ? ERR_OK : err;
}

bool
hub_admit_key(
    void *context, const char *public_key, char code[MEMBER_CODE_MAX + 1])
{
	struct hub *hub = context;
	const struct members *members = shared_hold(hub->members);
	const struct member *member = members_find_key(members, public_key);

	if (member != NULL)
		memcpy(code, member->code, sizeof(member->code));
	shared_drop(hub->members, members);
	return member != NULL;
}

bool
hub_may_hear(void *context, const char *code, const char *topic_prefix)
{
	struct hub *hub = context;
	const struct members *members = shared_hold(hub->members);
	const struct member *member = members_find(members, code);
	bool may = member != NULL && member_may_hear(member, topic_prefix);

	shared_drop(hub->members, members);
	return may;
}

/* An upward message on its way to the desk and back. */
struct report {
	struct desk_job job; /* first */
	struct hub *hub;
	struct bus_route from;
	uint64_t ticket;
	struct buf message;
	enum err err; /* what came of it, if the round ends well */
	struct upward_turn turn;
	struct freight freight;
	struct why why;
};

static void
report_free(struct report *report)
{
	freight_release(&report->freight);
	buf_release(&report->message);
	buf_release(&report->turn.counted.line);
	mem_free(report);
}

static void
report_reply(const struct report *report, const char *refusal)
{
	const struct counted *counted = &report->turn.counted;
	struct reply taken = {.ticket = report->ticket,
	    .kind = report->turn.is_usage  ? REPLY_COUNTED
		    : report->turn.is_feed ? REPLY_FEED
					   : REPLY_TAKEN,
	    .next = counted->next,
	    .cosignature = buf_span(&counted->line),
	    .verdict = counted->verdict,
	    .held = report->freight.held,
	    .status = report->freight.status,
	    .answer = buf_span(&report->freight.answer)};
	struct buf out = {0};

	if (refusal != NULL)
		fetch_refuse(report->ticket, refusal, &out);
	else
		pack_reply(&taken, &out);
	bus_reply(report->hub->bus, &report->from, buf_span(&out));
	buf_release(&out);
}

static bool
is_active_platform(const struct members *members, const char *code)
{
	const struct member *member = members_find(members, code);

	return member != NULL && member->kind == MEMBER_PLATFORM &&
	       member->status == MEMBER_ACTIVE;
}

/* Was it taken, is it of no use, or shall the node try again? */
static const char *
refusal_of(enum err err)
{
	if (err == ERR_OK || err == ERR_SEEN)
		return NULL;
	return err == ERR_DATABASE || err == ERR_IO || err == ERR_CRYPTO
		   ? "busy"
		   : "invalid";
}

/* On the desk's thread. */
static bool
report_join(struct desk_job *job, struct control_round *round)
{
	struct report *report = (struct report *)job;
	struct hub *hub = report->hub;
	const struct members *members = shared_hold(hub->members);
	const struct catalogue *catalogue = shared_hold(hub->catalogue);

	/* Who passes a message on must be a member still. */
	report->err = ERR_DENIED;
	/* A round that failed is held again. */
	buf_release(&report->turn.counted.line);
	report->turn = (struct upward_turn){.members = members,
	    .trust = hub->trust,
	    .objections = {.trust = hub->trust,
		.catalog = catalogue != NULL ? catalogue->catalog : NULL,
		.days = hub->settings.objection_days},
	    .counted = {.signer = hub->witness_signer},
	    .freight = &report->freight};
	report->freight.hub = hub;
	if (is_active_platform(members, report->from.code))
		report->err = upward_take(round, &report->turn,
		    buf_span(&report->message), &report->why);
	shared_drop(hub->catalogue, catalogue);
	shared_drop(hub->members, members);
	return report->err != ERR_BUSY;
}

static void
report_on_merged(struct freight *freight)
{
	struct report *report = freight->context;

	report_reply(report, NULL);
	report_free(report);
}

static void
report_done(struct desk_job *job, struct ledger *ledger, enum err err)
{
	struct report *report = (struct report *)job;

	(void)ledger;
	if (err == ERR_OK)
		err = report->err;
	metric_add(
	    metric_counter("rongxin_hub_upward_total",
		err == ERR_OK ? "result=\"taken\"" : "result=\"refused\"",
		"Messages of nodes: consents, revocations, status."),
	    1);
	if (err != ERR_OK)
		log_warn("upward.refused", "by=%s err=%s why=%s",
		    report->from.code, err_name(err), report->why.text);
	news_tell(
	    report->hub->news, report->turn.is_usage ? NEWS_USAGE : NEWS_NODES);
	publish_wake(report->hub->publish);
	if (err == ERR_OK && report->freight.whole) {
		freight_merge(&report->freight, report_on_merged, report);
		return;
	}
	report_reply(report, refusal_of(err));
	report_free(report);
}

static void
take_upward(struct hub *hub, const struct bus_route *from,
    const struct request *request)
{
	struct report *report = mem_new(sizeof(*report));

	report->job.join = report_join;
	report->job.done = report_done;
	report->hub = hub;
	report->from = *from;
	report->ticket = request->ticket;
	buf_add(&report->message, request->upward.ptr, request->upward.len);
	if (desk_post(hub->desk, &report->job))
		return;
	report_reply(report, "busy");
	report_free(report);
}

void
hub_on_request(void *context, const struct bus_route *from, struct span message)
{
	struct hub *hub = context;
	struct arena *arena = arena_new();
	struct request request;

	if (unpack_request(message, arena, &request) == ERR_OK &&
	    request.kind == REQUEST_UPWARD)
		take_upward(hub, from, &request);
	else
		publish_request(hub->publish, from, message);
	arena_free(arena);
}
