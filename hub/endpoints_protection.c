/*
 * endpoints: budgets of anonymised answers, clocks of objections, gaps of
 * trails.  None of them names a subject.
 */
#include "hub/endpoints.h"

#include "base/clock.h"
#include "hub/figure.h"

#define GAP_DAYS 30

static void
fill_budgets(struct inquiry *inquiry, struct ledger *ledger)
{
	FIGURE(inquiry, ledger, "SELECT console_budgets($1)::text",
	    pg_arg_time(clock_now_us()));
}

static void
fill_clocks(struct inquiry *inquiry, struct ledger *ledger)
{
	FIGURE(inquiry, ledger, "SELECT console_objections($1)::text",
	    pg_arg_time(clock_now_us()));
}

static void
fill_gaps(struct inquiry *inquiry, struct ledger *ledger)
{
	FIGURE(inquiry, ledger, "SELECT console_gaps($1, $2::integer)::text",
	    pg_arg_time(clock_now_us()), pg_arg_int(GAP_DAYS));
}

void
protection_on_budgets(struct http_exchange *exchange, void *context)
{
	figure_ask(exchange, context, fill_budgets);
}

void
protection_on_clocks(struct http_exchange *exchange, void *context)
{
	figure_ask(exchange, context, fill_clocks);
}

void
protection_on_gaps(struct http_exchange *exchange, void *context)
{
	figure_ask(exchange, context, fill_gaps);
}
