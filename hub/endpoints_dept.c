/*
 * endpoints: the departments' page, and what it alone asks.
 */
#include "hub/endpoints.h"

#include <stdio.h>

#include "hub/inquiry.h"
#include "hub/usage.h"

#define NAME_MAX_LEN 256
#define BATCHES_MAX 500
#define USE_DAYS 29

/* Operators answer the objections that no single department does. */
static bool
admit_page(
    struct http_exchange *exchange, const struct hub *hub, struct member *who)
{
	if (!inquiry_admit(exchange, hub, who))
		return false;
	if (who->kind == MEMBER_DEPARTMENT || who->kind == MEMBER_OPERATOR)
		return true;
	answer_problem(
	    exchange, 403, "member_kind", "for departments and operators");
	return false;
}

static bool
admit_department(
    struct http_exchange *exchange, const struct hub *hub, struct member *who)
{
	if (!inquiry_admit(exchange, hub, who))
		return false;
	if (who->kind == MEMBER_DEPARTMENT)
		return true;
	answer_problem(exchange, 403, "member_kind", "for departments");
	return false;
}

static void
send_page(
    struct http_exchange *exchange, const struct hub *hub, const char *folder)
{
	const char *file = http_path_param(exchange, "file");
	const struct page_file *page = NULL;
	char name[NAME_MAX_LEN];
	struct member who;

	if (!admit_page(exchange, hub, &who))
		return;
	if (*file == '\0')
		file = "index.html";
	if (hub->console != NULL &&
	    snprintf(name, sizeof(name), "%s/%s", folder, file) < NAME_MAX_LEN)
		page = pages_find(hub->console, name);
	if (page != NULL)
		pages_send(exchange, page);
	else
		answer_problem(exchange, 404, "not_found",
		    hub->console == NULL ? "this hub has no console_folder"
					 : NULL);
}

void
dept_on_page(struct http_exchange *exchange, void *context)
{
	send_page(exchange, context, "dept");
}

void
dept_on_base(struct http_exchange *exchange, void *context)
{
	send_page(exchange, context, "base");
}

static void
finish(struct inquiry *inquiry, struct pg *pg, enum err err)
{
	if (pg_end(pg, true) != ERR_OK || err != ERR_OK)
		answer_fail(&inquiry->answer, ERR_DATABASE, "no database");
}

static void
fill_batches(struct inquiry *inquiry, struct ledger *ledger)
{
	const struct receipt_question question = {.provider = inquiry->provider,
	    .item = inquiry->item,
	    .after = inquiry->after,
	    .limit = inquiry->limit};
	struct pg *pg = ledger_pg(ledger);

	pg_begin(pg);
	finish(inquiry, pg, receipt_list(pg, &question, &inquiry->answer.body));
}

void
dept_on_batches(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	int64_t item = inquiry_number(exchange, "item", 0, 0);
	int64_t after = inquiry_number(exchange, "after", 0, 0);
	int64_t limit = inquiry_number(exchange, "limit", 100, 1);
	struct inquiry *inquiry;
	struct member who;

	if (!admit_department(exchange, hub, &who))
		return;
	if (item < 0 || item > CATALOG_ITEM_MAX || after < 0 || limit < 0) {
		answer_problem(
		    exchange, 400, "malformed", "item, after, limit: numbers");
		return;
	}
	inquiry = inquiry_new(exchange, hub, &who, fill_batches);
	strcpy(inquiry->provider, who.code);
	inquiry->item = (uint32_t)item;
	inquiry->after = after;
	inquiry->limit = limit < BATCHES_MAX ? limit : BATCHES_MAX;
	inquiry_post_to(hub->reader, inquiry);
}

static void
fill_use(struct inquiry *inquiry, struct ledger *ledger)
{
	struct pg *pg = ledger_pg(ledger);

	pg_begin(pg);
	finish(inquiry, pg,
	    usage_print_own(pg, &inquiry->who, inquiry->from, inquiry->to,
		&inquiry->answer.body));
}

void
dept_on_use(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	struct inquiry *inquiry;
	struct member who;

	if (!admit_department(exchange, hub, &who))
		return;
	inquiry = inquiry_new(exchange, hub, &who, fill_use);
	if (inquiry_day(exchange, "from", USE_DAYS, inquiry->from) &&
	    inquiry_day(exchange, "to", 0, inquiry->to)) {
		inquiry_post_to(hub->reader, inquiry);
		return;
	}
	answer_problem(exchange, 400, "malformed", "from, to: days");
	inquiry_free(inquiry);
}
