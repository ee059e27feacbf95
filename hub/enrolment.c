/*
 * enrolment: a change of the member list on its way to the desk and back.
 */
#include "hub/enrolment.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub/action.h"
#include "hub/application.h"
#include "hub/control.h"

static void
enrolment_on_loop(struct http_exchange *exchange, void *argument)
{
	struct enrolment *enrolment = argument;

	answer_send(&enrolment->answer, exchange);
	answer_release(&enrolment->answer);
	mem_free(enrolment);
}

static bool
moves(const struct enrolment *enrolment)
{
	return enrolment->takeover.from[0] != '\0';
}

/* What the operator sees of it later. */
static void
enrolment_note(const struct enrolment *enrolment, struct pg *pg)
{
	const struct member *last = &enrolment->list[enrolment->count - 1];
	struct buf detail = {0};
	struct json_out json = {.buf = &detail};

	json_open_object(&json, NULL);
	json_put_cstr(&json, "name", last->name);
	json_put_cstr(&json, "kind", member_kind_name(last->kind));
	json_put_cstr(&json, "status", member_status_name(last->status));
	if (moves(enrolment))
		json_put_cstr(&json, "from", enrolment->takeover.from);
	if (enrolment->application != 0)
		json_put_int(&json, "application", enrolment->application);
	json_close_object(&json);
	action_note(pg, enrolment->who,
	    moves(enrolment) ? "takeover" : "member", last->code,
	    buf_span(&detail));
	buf_release(&detail);
}

/* Is it the member as it is, suspended? */
static bool
only_suspends(const struct hub *hub, const struct member *wanted)
{
	const struct members *members = shared_hold(hub->members);
	const struct member *known = members_find(members, wanted->code);
	struct buf before = {0}, after = {0};
	struct member other;
	bool only = false;

	if (known != NULL && known->status != MEMBER_STRUCK_OFF &&
	    wanted->status == MEMBER_SUSPENDED) {
		other = *known;
		other.status = wanted->status;
		member_print(&other, &before);
		member_print(wanted, &after);
		only = span_equal(buf_span(&before), buf_span(&after));
	}
	shared_drop(hub->members, members);
	buf_release(&before);
	buf_release(&after);
	return only;
}

static enum err
grant(struct enrolment *enrolment, struct control_round *round,
    const struct application_wish *wish)
{
	enrolment->takeover = wish->takeover;
	strcpy(enrolment->code, wish->member.code);
	enrolment->list[0] = wish->member;
	enrolment->count = moves(enrolment) ? 2 : 1;
	if (moves(enrolment))
		return control_take_over(round, &enrolment->takeover,
		    enrolment->code, enrolment->list, &enrolment->why);
	return control_put_member(round, enrolment->list, &enrolment->why);
}

/* What the application wants, decided in the same transaction. */
static enum err
join_application(struct enrolment *enrolment, struct control_round *round)
{
	const struct application_verdict verdict = {
	    .id = enrolment->application,
	    .verb = "admit",
	    .who = enrolment->who,
	    .note = span_of(enrolment->note),
	    .persons = enrolment->hub->settings.admission_persons};
	struct pg *pg = control_round_pg(round);
	struct application_wish wish = {0};
	enum err err = application_read(pg, &verdict, &wish, &enrolment->why);

	if (err == ERR_CONFLICT)
		enrolment->problem = "application_state";
	if (err == ERR_DENIED)
		enrolment->problem = "second_person";
	if (err == ERR_OK)
		err = grant(enrolment, round, &wish);
	if (err == ERR_OK)
		err = application_decide(pg, &verdict, &enrolment->why);
	return err;
}

static enum err
join_one(struct enrolment *enrolment, struct control_round *round)
{
	const struct hub *hub = enrolment->hub;

	if (enrolment->application != 0)
		return join_application(enrolment, round);
	if (hub->settings.admission_persons > 1 &&
	    (moves(enrolment) || !only_suspends(hub, enrolment->list))) {
		enrolment->problem = "review_needed";
		return why_set(&enrolment->why, ERR_DENIED,
		    "two persons have to agree: file an application");
	}
	if (moves(enrolment))
		return control_take_over(round, &enrolment->takeover,
		    enrolment->code, enrolment->list, &enrolment->why);
	return control_put_member(round, enrolment->list, &enrolment->why);
}

static bool
enrolment_join(struct desk_job *job, struct control_round *round)
{
	struct enrolment *enrolment = (struct enrolment *)job;

	enrolment->problem = NULL;
	enrolment->err = join_one(enrolment, round);
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
	if (err != ERR_OK && enrolment->problem != NULL)
		answer_refuse(answer, err == ERR_DENIED ? 403 : 409,
		    enrolment->problem, "%s", enrolment->why.text);
	else if (err == ERR_CONFLICT)
		answer_refuse(answer, 409, "platform_conflict", "%s",
		    enrolment->why.text);
	else if (err != ERR_OK)
		answer_fail(answer, err, enrolment->why.text);
	else
		enrolment_accept(enrolment);
	http_defer(enrolment->exchange, enrolment_on_loop, enrolment);
}

void
enrolment_post(struct enrolment *enrolment)
{
	enrolment->job.join = enrolment_join;
	enrolment->job.done = enrolment_done;
	enrolment->answer.status = 200;
	if (desk_post(enrolment->hub->desk, &enrolment->job))
		return;
	answer_problem(enrolment->exchange, 503, "busy", NULL);
	mem_free(enrolment);
}

void
enrolment_refuse(struct enrolment *enrolment, enum err err, const char *why)
{
	answer_fail(&enrolment->answer, err, why);
	enrolment_on_loop(enrolment->exchange, enrolment);
}

struct enrolment *
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
