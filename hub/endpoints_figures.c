/*
 * endpoints: figures for operators, one small question a panel.
 *
 * The database prints each answer whole (functions console_… of
 * sql/024-console.sql); here is only who may ask and what may be asked.
 */
#include "hub/endpoints.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "hub/figure.h"

#define TREND_DAYS 30
#define USAGE_DAYS 6
#define ACTIONS_MAX 1000

static struct pg_arg
now(void)
{
	return pg_arg_time(clock_now_us());
}

static struct pg_arg
text(const char *value)
{
	return pg_arg_text(span_of(value));
}

/* `inquiry->to` is today, or the last day that was asked for. */
static void
fill_overview(struct inquiry *inquiry, struct ledger *ledger)
{
	FIGURE(inquiry, ledger, "SELECT console_overview($1, $2::date)::text",
	    now(), text(inquiry->to));
}

static void
fill_grid(struct inquiry *inquiry, struct ledger *ledger)
{
	FIGURE(inquiry, ledger, "SELECT console_grid($1::date)::text",
	    text(inquiry->to));
}

static void
fill_province(struct inquiry *inquiry, struct ledger *ledger)
{
	FIGURE(inquiry, ledger, "SELECT console_province($1, $2::date)::text",
	    text(inquiry->id), text(inquiry->to));
}

static void
fill_platforms(struct inquiry *inquiry, struct ledger *ledger)
{
	FIGURE(inquiry, ledger, "SELECT console_platforms($1)::text", now());
}

static void
fill_platform(struct inquiry *inquiry, struct ledger *ledger)
{
	FIGURE(inquiry, ledger, "SELECT console_platform($1)::text",
	    text(inquiry->id));
}

static void
fill_checkpoints(struct inquiry *inquiry, struct ledger *ledger)
{
	FIGURE(inquiry, ledger, "SELECT console_checkpoints($1)::text",
	    text(inquiry->id));
}

static void
fill_departments(struct inquiry *inquiry, struct ledger *ledger)
{
	FIGURE(inquiry, ledger,
	    "SELECT console_departments($1, $2::date)::text",
	    text(inquiry->provider), text(inquiry->to));
}

static void
fill_trend(struct inquiry *inquiry, struct ledger *ledger)
{
	FIGURE(inquiry, ledger,
	    "SELECT console_trend($1, $2::integer, $3, $4::date,"
	    " $5::date)::text",
	    text(inquiry->provider), pg_arg_int(inquiry->item),
	    text(inquiry->id), text(inquiry->from), text(inquiry->to));
}

static void
fill_usage(struct inquiry *inquiry, struct ledger *ledger)
{
	FIGURE(inquiry, ledger,
	    "SELECT console_usage($1, ($2 || ' 00:00+08')::timestamptz,"
	    " ($3 || ' 00:00+08')::timestamptz + interval '1 day')::text",
	    text(inquiry->id), text(inquiry->from), text(inquiry->to));
}

static void
fill_actions(struct inquiry *inquiry, struct ledger *ledger)
{
	FIGURE(inquiry, ledger, "SELECT console_actions($1, $2)::text",
	    pg_arg_int(inquiry->after), pg_arg_int(inquiry->limit));
}

static void
fill_catalogues(struct inquiry *inquiry, struct ledger *ledger)
{
	FIGURE(inquiry, ledger,
	    "SELECT json_build_object('versions', json_agg(json_build_object("
	    "'version', version, 'known_from', known_from, 'known_to',"
	    " known_to, 'issued', document->>'issued') ORDER BY version DESC))"
	    "::text FROM console_catalogues() WHERE $1 = 0",
	    pg_arg_int(0));
}

static void
fill_catalogue(struct inquiry *inquiry, struct ledger *ledger)
{
	FIGURE(inquiry, ledger,
	    "SELECT document::text FROM console_catalogues()"
	    " WHERE version = $1 LIMIT 1",
	    pg_arg_int(inquiry->after));
}

void
figures_on_overview(struct http_exchange *exchange, void *context)
{
	figure_ask(exchange, context, fill_overview);
}

void
figures_on_grid(struct http_exchange *exchange, void *context)
{
	figure_ask(exchange, context, fill_grid);
}

void
figures_on_platforms(struct http_exchange *exchange, void *context)
{
	figure_ask(exchange, context, fill_platforms);
}

void
figures_on_catalogues(struct http_exchange *exchange, void *context)
{
	figure_ask(exchange, context, fill_catalogues);
}

/* Two digits, or nothing. */
static bool
is_place(const char *place)
{
	return strlen(place) == 2 && strspn(place, "0123456789") == 2;
}

void
figures_on_province(struct http_exchange *exchange, void *context)
{
	const char *place = http_path_param(exchange, "place");
	struct inquiry *inquiry =
	    figure_question(exchange, context, fill_province);

	if (inquiry == NULL)
		return;
	if (!is_place(place)) {
		figure_refuse(inquiry, "a province is two digits");
		return;
	}
	strcpy(inquiry->id, place);
	figure_post(inquiry);
}

static void
ask_about_code(struct http_exchange *exchange, void *context,
    void (*fill)(struct inquiry *inquiry, struct ledger *ledger))
{
	const char *code = http_path_param(exchange, "code");
	struct inquiry *inquiry = figure_question(exchange, context, fill);

	if (inquiry == NULL)
		return;
	if (!member_code_is_valid(span_of(code))) {
		figure_refuse(inquiry, "not an organisation code");
		return;
	}
	strcpy(inquiry->id, code);
	figure_post(inquiry);
}

void
figures_on_platform(struct http_exchange *exchange, void *context)
{
	ask_about_code(exchange, context, fill_platform);
}

void
figures_on_checkpoints(struct http_exchange *exchange, void *context)
{
	ask_about_code(exchange, context, fill_checkpoints);
}

/* Into inquiry->provider; false: no code.  A department asks about itself,
 * whatever it says. */
static bool
read_provider(const struct http_exchange *exchange, struct inquiry *inquiry)
{
	const char *provider = http_query(exchange, "provider");

	if (inquiry->who.kind == MEMBER_DEPARTMENT)
		provider = inquiry->who.code;
	if (provider == NULL)
		return true;
	if (!member_code_is_valid(span_of(provider)))
		return false;
	strcpy(inquiry->provider, provider);
	return true;
}

void
figures_on_departments(struct http_exchange *exchange, void *context)
{
	struct inquiry *inquiry =
	    figure_provider_question(exchange, context, fill_departments);

	if (inquiry == NULL)
		return;
	if (read_provider(exchange, inquiry) &&
	    inquiry_day(exchange, "day", 0, inquiry->to))
		figure_post(inquiry);
	else
		figure_refuse(inquiry, "provider: a code; day: 2024-03-28");
}

void
figures_on_trend(struct http_exchange *exchange, void *context)
{
	struct inquiry *inquiry =
	    figure_provider_question(exchange, context, fill_trend);
	const char *place = http_query(exchange, "province");
	int64_t item = inquiry_number(exchange, "item", 0, 0);

	if (inquiry == NULL)
		return;
	if (!read_provider(exchange, inquiry) || item < 0 ||
	    item > CATALOG_ITEM_MAX || (place != NULL && !is_place(place)) ||
	    !inquiry_day(exchange, "from", TREND_DAYS, inquiry->from) ||
	    !inquiry_day(exchange, "to", 0, inquiry->to)) {
		figure_refuse(inquiry,
		    "provider: a code; item: a number; province:"
		    " two digits; from, to: days");
		return;
	}
	strcpy(inquiry->id, place != NULL ? place : "");
	inquiry->item = (uint32_t)item;
	figure_post(inquiry);
}

void
figures_on_usage(struct http_exchange *exchange, void *context)
{
	static const char *const splits[] = {
	    "day", "node", "member", "action", "purpose", "item", "rule"};
	const char *by = http_query(exchange, "by");
	struct inquiry *inquiry =
	    figure_question(exchange, context, fill_usage);
	size_t i;

	if (inquiry == NULL)
		return;
	for (i = 0; by != NULL && i < sizeof(splits) / sizeof(*splits); i++)
		if (strcmp(by, splits[i]) == 0)
			strcpy(inquiry->id, by);
	if (inquiry->id[0] != '\0' &&
	    inquiry_day(exchange, "from", USAGE_DAYS, inquiry->from) &&
	    inquiry_day(exchange, "to", 0, inquiry->to))
		figure_post(inquiry);
	else
		figure_refuse(inquiry,
		    "by: day, node, member, action, purpose, item"
		    " or rule; from, to: days");
}

void
figures_on_actions(struct http_exchange *exchange, void *context)
{
	struct inquiry *inquiry =
	    figure_question(exchange, context, fill_actions);

	if (inquiry == NULL)
		return;
	inquiry->after = inquiry_number(exchange, "after", 0, 0);
	inquiry->limit = inquiry_number(exchange, "limit", 100, 1);
	if (inquiry->limit > ACTIONS_MAX)
		inquiry->limit = ACTIONS_MAX;
	if (inquiry->after >= 0 && inquiry->limit > 0)
		figure_post(inquiry);
	else
		figure_refuse(inquiry, "after, limit: numbers");
}

void
figures_on_catalogue(struct http_exchange *exchange, void *context)
{
	const char *version = http_path_param(exchange, "version");
	struct inquiry *inquiry =
	    figure_question(exchange, context, fill_catalogue);

	if (inquiry == NULL)
		return;
	if (strlen(version) > 15 || strspn(version, "0123456789") == 0 ||
	    version[strspn(version, "0123456789")] != '\0') {
		figure_refuse(inquiry, "a version is a number");
		return;
	}
	inquiry->after = strtoll(version, NULL, 10);
	figure_post(inquiry);
}
