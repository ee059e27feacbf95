/*
 * inquiry: an HTTP request that the desk answers.
 */
#include "hub/inquiry.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "hub/quality.h"

static bool
find_member(const struct hub *hub, const char *code, struct member *who)
{
	const struct members *members = shared_hold(hub->members);
	const struct member *found =
	    members != NULL ? members_find(members, code) : NULL;

	if (found != NULL)
		*who = *found;
	shared_drop(hub->members, members);
	return found != NULL;
}

bool
inquiry_admit(
    struct http_exchange *exchange, const struct hub *hub, struct member *who)
{
	if (!find_member(hub, http_peer(exchange)->code, who)) {
		answer_problem(exchange, 403, "member_unknown", NULL);
		return false;
	}
	if (who->status != MEMBER_ACTIVE) {
		answer_problem(exchange, 403, "member_inactive", NULL);
		return false;
	}
	return true;
}

bool
inquiry_admit_operator(
    struct http_exchange *exchange, const struct hub *hub, struct member *who)
{
	if (!inquiry_admit(exchange, hub, who))
		return false;
	if (who->kind == MEMBER_OPERATOR)
		return true;
	answer_problem(exchange, 403, "member_kind", "for operators");
	return false;
}

bool
inquiry_admit_provider(
    struct http_exchange *exchange, const struct hub *hub, struct member *who)
{
	if (!inquiry_admit(exchange, hub, who))
		return false;
	if (who->kind == MEMBER_DEPARTMENT || who->kind == MEMBER_OPERATOR)
		return true;
	answer_problem(exchange, 403, "member_kind", NULL);
	return false;
}

/* A browser says whose page made the request; nobody else says anything. */
static bool
is_of_another_site(const struct http_exchange *exchange)
{
	const char *site = http_header(exchange, "sec-fetch-site");

	return site != NULL && strcmp(site, "same-origin") != 0;
}

bool
inquiry_admit_actor(
    struct http_exchange *exchange, const struct hub *hub, struct member *who)
{
	if (!inquiry_admit_operator(exchange, hub, who))
		return false;
	if (!member_may_act(who)) {
		answer_problem(exchange, 403, "member_role", "for operators");
		return false;
	}
	if (is_of_another_site(exchange)) {
		answer_problem(exchange, 403, "cross_site", NULL);
		return false;
	}
	return true;
}

bool
inquiry_admit_reader(struct http_exchange *exchange, const struct member *who)
{
	if (who->kind != MEMBER_OPERATOR || member_may_audit(who))
		return true;
	answer_problem(exchange, 403, "member_role", "not for viewers");
	return false;
}

struct inquiry *
inquiry_new(struct http_exchange *exchange, struct hub *hub,
    const struct member *who,
    void (*fill)(struct inquiry *inquiry, struct ledger *ledger))
{
	struct inquiry *inquiry = mem_new(sizeof(*inquiry));
	struct span body = http_body(exchange);

	inquiry->hub = hub;
	inquiry->exchange = exchange;
	inquiry->fill = fill;
	inquiry->who = *who;
	inquiry->answer.status = 200;
	buf_add(&inquiry->body, body.ptr, body.len);
	return inquiry;
}

void
inquiry_free(struct inquiry *inquiry)
{
	answer_release(&inquiry->answer);
	buf_release(&inquiry->body);
	mem_free(inquiry);
}

static void
send_back(struct http_exchange *exchange, void *argument)
{
	struct inquiry *inquiry = argument;

	answer_send(&inquiry->answer, exchange);
	inquiry_free(inquiry);
}

static void
run(struct desk_job *job, struct ledger *ledger)
{
	struct inquiry *inquiry = (struct inquiry *)job;

	inquiry->fill(inquiry, ledger);
	http_defer(inquiry->exchange, send_back, inquiry);
}

void
inquiry_post_to(struct desk *desk, struct inquiry *inquiry)
{
	inquiry->job.run = run;
	if (desk_post(desk, &inquiry->job))
		return;
	answer_problem(inquiry->exchange, 503, "busy", NULL);
	inquiry_free(inquiry);
}

void
inquiry_post(struct inquiry *inquiry)
{
	inquiry_post_to(inquiry->hub->desk, inquiry);
}

uint32_t
inquiry_item(const struct http_exchange *exchange)
{
	const char *text = http_path_param(exchange, "item");
	char *rest;
	unsigned long number;

	if (*text < '1' || *text > '9' || strlen(text) > 5)
		return 0;
	number = strtoul(text, &rest, 10);
	return *rest == '\0' && number <= CATALOG_ITEM_MAX ? (uint32_t)number
							   : 0;
}

int64_t
inquiry_number(const struct http_exchange *exchange, const char *name,
    int64_t otherwise, int64_t low)
{
	const char *text = http_query(exchange, name);
	char *rest;
	long long value;

	if (text == NULL)
		return otherwise;
	if (*text < '0' || *text > '9' || strlen(text) > 18)
		return -1;
	value = strtoll(text, &rest, 10);
	return *rest == '\0' && value >= low ? value : -1;
}

bool
inquiry_day(const struct http_exchange *exchange, const char *name,
    int days_ago, char day[11])
{
	const char *text = http_query(exchange, name);
	int year, month, number, end = 0;

	quality_day(clock_now_us() - days_ago * 86400 * CLOCK_SECOND, day);
	if (text == NULL)
		return true;
	if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &number, &end) != 3 ||
	    end != 10 || text[10] != '\0' ||
	    !clock_is_date(year, month, number))
		return false;
	memcpy(day, text, 11);
	return true;
}
