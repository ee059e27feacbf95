/*
 * endpoints: what the ledger knew, and what leaves it.
 */
#include "hub/endpoints.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "credit/uscc.h"
#include "credit/value.h"
#include "hub/action.h"
#include "hub/catalogue.h"
#include "hub/history.h"
#include "hub/inquiry.h"
#include "hub/retention.h"

#define DAY_US (24 * 3600 * CLOCK_SECOND)

static void
fill(struct inquiry *inquiry, struct ledger *ledger)
{
	const struct catalogue *catalogue =
	    shared_hold(inquiry->hub->catalogue);
	bool all = inquiry->who.kind == MEMBER_OPERATOR;
	struct history history = {.subject = inquiry->id,
	    .item = inquiry->item,
	    .provider = all ? "" : inquiry->who.code,
	    .known_us = inquiry->known_us,
	    .valid_us = inquiry->valid_us};
	struct pg *pg = ledger_pg(ledger);
	enum err err = ERR_DATABASE;

	pg_begin(pg);
	if (catalogue != NULL) {
		history.catalog = catalogue->catalog;
		err = history_print(pg, &history, &inquiry->answer.body);
	}
	shared_drop(inquiry->hub->catalogue, catalogue);
	if (pg_end(pg, true) != ERR_OK || err == ERR_DATABASE)
		answer_fail(&inquiry->answer, ERR_DATABASE, "not ready");
	else if (err != ERR_OK)
		answer_fail(&inquiry->answer, err,
		    "nothing of yours was known of this subject");
}

/* The times and the item that are asked for; false when they are none. */
static bool
read_query(struct http_exchange *exchange, struct inquiry *inquiry)
{
	const char *known = http_query(exchange, "as_of");
	const char *valid = http_query(exchange, "valid_at");
	const char *item = http_query(exchange, "item");
	int year, month, day;
	char end;

	inquiry->known_us = clock_now_us();
	inquiry->valid_us = -1;
	if (known != NULL &&
	    clock_parse(span_of(known), &inquiry->known_us) != ERR_OK)
		return false;
	if (valid != NULL) {
		if (strlen(valid) != 10 ||
		    sscanf(valid, "%4d-%2d-%2d%c", &year, &month, &day, &end) !=
			3 ||
		    !clock_is_date(year, month, day))
			return false;
		inquiry->valid_us = value_day_us(span_of(valid)) + DAY_US - 1;
	}
	if (item == NULL)
		return true;
	if (*item < '1' || *item > '9' || strlen(item) > 5)
		return false;
	inquiry->item = (uint32_t)strtoul(item, NULL, 10);
	return inquiry->item <= CATALOG_ITEM_MAX;
}

void
ledger_on_subject(struct http_exchange *exchange, void *context)
{
	const char *subject = http_path_param(exchange, "subject");
	struct hub *hub = context;
	struct inquiry *inquiry;
	struct member who;

	if (!inquiry_admit(exchange, hub, &who))
		return;
	if (who.kind != MEMBER_OPERATOR && who.kind != MEMBER_DEPARTMENT) {
		answer_problem(exchange, 403, "member_kind", NULL);
		return;
	}
	if (!inquiry_admit_reader(exchange, &who))
		return;
	inquiry = inquiry_new(exchange, hub, &who, fill);
	if (uscc_check(span_of(subject)) == USCC_OK &&
	    read_query(exchange, inquiry)) {
		strcpy(inquiry->id, subject);
		inquiry_post(inquiry);
		return;
	}
	inquiry_free(inquiry);
	answer_problem(exchange, 400, "malformed",
	    "a credit code; as_of: RFC 3339; valid_at: 2024-03-28; item");
}

static void
retain(struct inquiry *inquiry, struct ledger *ledger, bool dry)
{
	const struct catalogue *catalogue =
	    shared_hold(inquiry->hub->catalogue);
	struct retention retention = {.now_us = clock_now_us(),
	    .dry = dry,
	    .material_days = inquiry->hub->settings.material_days};
	struct why why = {0};
	enum err err = ERR_DATABASE;

	if (catalogue != NULL) {
		retention.catalog = catalogue->catalog;
		err = retention_run(
		    ledger, &retention, &inquiry->answer.body, &why);
	}
	shared_drop(inquiry->hub->catalogue, catalogue);
	if (err != ERR_OK)
		answer_fail(&inquiry->answer, ERR_DATABASE, why.text);
	publish_wake(inquiry->hub->publish);
}

static void
fill_due(struct inquiry *inquiry, struct ledger *ledger)
{
	retain(inquiry, ledger, true);
}

/* Records of many transactions are withdrawn by now. */
static void
fill_retention(struct inquiry *inquiry, struct ledger *ledger)
{
	struct pg *pg = ledger_pg(ledger);

	retain(inquiry, ledger, false);
	pg_begin(pg);
	action_note(pg, inquiry->who.code, "retention", "", span_of("{}"));
	if (pg_end(pg, true) != ERR_OK)
		log_error("action.failed", "what=retention");
	news_tell(inquiry->hub->news, NEWS_ACTIONS);
}

static void
ask_keeper(struct http_exchange *exchange, struct hub *hub,
    const struct member *who,
    void (*fill_by)(struct inquiry *inquiry, struct ledger *ledger))
{
	inquiry_post_to(
	    keeper_desk(hub->keeper), inquiry_new(exchange, hub, who, fill_by));
}

void
ledger_on_due(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	struct member who;

	if (inquiry_admit_operator(exchange, hub, &who))
		ask_keeper(exchange, hub, &who, fill_due);
}

void
ledger_on_retention(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	struct member who;

	if (inquiry_admit_actor(exchange, hub, &who))
		ask_keeper(exchange, hub, &who, fill_retention);
}
