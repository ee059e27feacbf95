/*
 * figure: what the console asks.
 */
#include "hub/figure.h"

#include "base/clock.h"
#include "hub/quality.h"

void
figure_answer(struct inquiry *inquiry, struct ledger *ledger, const char *sql,
    const struct pg_arg *args, size_t count)
{
	struct pg *pg = ledger_pg(ledger);
	bool found;

	pg_begin(pg);
	pg_exec_args(pg, sql, args, count);
	found = pg_rows(pg) == 1;
	if (found) {
		struct span text = pg_bytes(pg, 0, 0);

		buf_add(&inquiry->answer.body, text.ptr, text.len);
	}
	if (pg_end(pg, true) != ERR_OK)
		answer_fail(&inquiry->answer, ERR_DATABASE, "no database");
	else if (!found)
		answer_fail(&inquiry->answer, ERR_MISSING, "not known");
}

struct inquiry *
figure_question(struct http_exchange *exchange, struct hub *hub, figure_fn fill)
{
	struct inquiry *inquiry;
	struct member who;

	if (!inquiry_admit_operator(exchange, hub, &who))
		return NULL;
	inquiry = inquiry_new(exchange, hub, &who, fill);
	quality_day(clock_now_us(), inquiry->to);
	return inquiry;
}

struct inquiry *
figure_provider_question(
    struct http_exchange *exchange, struct hub *hub, figure_fn fill)
{
	struct inquiry *inquiry;
	struct member who;

	if (!inquiry_admit_provider(exchange, hub, &who))
		return NULL;
	inquiry = inquiry_new(exchange, hub, &who, fill);
	quality_day(clock_now_us(), inquiry->to);
	return inquiry;
}

void
figure_post(struct inquiry *inquiry)
{
	inquiry_post_to(inquiry->hub->reader, inquiry);
}

void
figure_refuse(struct inquiry *inquiry, const char *detail)
{
	answer_problem(inquiry->exchange, 400, "malformed", detail);
	inquiry_free(inquiry);
}

void
figure_ask(struct http_exchange *exchange, struct hub *hub, figure_fn fill)
{
	struct inquiry *inquiry = figure_question(exchange, hub, fill);

	if (inquiry != NULL)
		figure_post(inquiry);
}
