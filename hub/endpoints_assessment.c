/*
 * endpoints: the assessment of a month, its weights and its publication.
 */
#include "hub/endpoints.h"

#include "base/clock.h"
#include "base/log.h"
#include "hub/action.h"
#include "hub/assessment.h"
#include "hub/inquiry.h"
#include "hub/quality.h"

/* What is asked, from the inquiry: month in `from`, today in `to`, kind in
 * `id`, `item` 1 for CSV. */
static struct assessment
asked(const struct inquiry *inquiry)
{
	struct assessment what = {.by = inquiry->id,
	    .today = inquiry->to,
	    .as_csv = inquiry->item == 1,
	    .published = inquiry->who.kind != MEMBER_OPERATOR};

	memcpy(what.month, inquiry->from, sizeof(what.month));
	return what;
}

static void
finish(struct inquiry *inquiry, struct pg *pg, enum err err)
{
	bool good = err == ERR_OK;

	if (pg_end(pg, good) != ERR_OK || err == ERR_DATABASE)
		answer_fail(&inquiry->answer, ERR_DATABASE, "no database");
	else if (err == ERR_MISSING)
		answer_refuse(&inquiry->answer, 404, "not_found",
		    "the month is not published");
	else if (err == ERR_SEEN)
		answer_refuse(&inquiry->answer, 409, "month_published",
		    "what was published stays");
	else if (err == ERR_GAP)
		answer_refuse(&inquiry->answer, 409, "month_open",
		    "the month is not over");
	else if (!good)
		answer_fail(&inquiry->answer, err, err_name(err));
}

static void
fill_assessment(struct inquiry *inquiry, struct ledger *ledger)
{
	struct assessment what = asked(inquiry);
	struct pg *pg = ledger_pg(ledger);
	enum err err;

	if (what.as_csv)
		inquiry->answer.content_type = "text/csv; charset=utf-8";
	pg_begin(pg);
	err = assessment_print(pg, &what, &inquiry->answer.body);
	finish(inquiry, pg, err);
}

static void
fill_proof(struct inquiry *inquiry, struct ledger *ledger)
{
	struct pg *pg = ledger_pg(ledger);
	enum err err;

	inquiry->answer.content_type = "application/jose";
	pg_begin(pg);
	err = assessment_proof(pg, inquiry->from, &inquiry->answer.body);
	finish(inquiry, pg, err);
}

static bool
wants(const struct http_exchange *exchange, const char *type)
{
	const char *accept = http_header(exchange, "accept");

	return accept != NULL && strstr(accept, type) != NULL;
}

/* False: replied already. */
static bool
read_question(struct http_exchange *exchange, const char *month, const char *by,
    char day[11])
{
	const char *format = http_query(exchange, "format");
	bool good = month == NULL || assessment_parse_month(month, day);

	if (good && assessment_has_kind(by) &&
	    (format == NULL || strcmp(format, "json") == 0 ||
		strcmp(format, "csv") == 0))
		return true;
	answer_problem(exchange, 400, "malformed",
	    "month: 2026-10; by: department, province, city, nation or month; "
	    "format: json or csv");
	return false;
}

void
assessment_on_read(struct http_exchange *exchange, void *context)
{
	const char *month = http_query(exchange, "month");
	const char *by = http_query(exchange, "by");
	const char *format = http_query(exchange, "format");
	struct inquiry *inquiry;
	struct member who;
	char today[11], day[11];

	if (by == NULL)
		by = "department";
	quality_day(clock_now_us(), today);
	memcpy(day, today, 7);
	memcpy(day + 7, "-01", 4);
	if (!inquiry_admit(exchange, context, &who) ||
	    !read_question(exchange, month, by, day))
		return;
	inquiry = inquiry_new(exchange, context, &who,
	    wants(exchange, "application/jose") ? fill_proof : fill_assessment);
	inquiry->item = format != NULL && strcmp(format, "csv") == 0;
	strcpy(inquiry->id, by);
	memcpy(inquiry->from, day, sizeof(day));
	memcpy(inquiry->to, today, sizeof(today));
	/* It may take seconds: not on the thread that nodes wait for. */
	inquiry_post_to(keeper_desk(inquiry->hub->keeper), inquiry);
}

static void
fill_publication(struct inquiry *inquiry, struct ledger *ledger)
{
	struct assessment what = asked(inquiry);
	struct pg *pg = ledger_pg(ledger);
	enum err err;

	inquiry->answer.content_type = "application/jose";
	pg_begin(pg);
	err = assessment_publish(pg, &what, inquiry->who.code,
	    inquiry->hub->receipt_signer, &inquiry->answer.body);
	if (err == ERR_OK)
		action_note(pg, inquiry->who.code, "publish", what.month,
		    span_of("{}"));
	finish(inquiry, pg, err);
	news_tell(inquiry->hub->news, NEWS_ACTIONS);
	if (inquiry->answer.problem == NULL)
		log_info("assessment.published", "month=%.7s by=%s", what.month,
		    inquiry->who.code);
}

void
assessment_on_publish(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	struct inquiry *inquiry;
	struct member who;
	char day[11];

	if (!inquiry_admit_actor(exchange, hub, &who) ||
	    !read_question(
		exchange, http_path_param(exchange, "month"), "nation", day))
		return;
	if (hub->receipt_signer == NULL) {
		answer_problem(exchange, 501, "not_available",
		    "this hub has no receipt_key");
		return;
	}
	inquiry = inquiry_new(exchange, hub, &who, fill_publication);
	memcpy(inquiry->from, day, sizeof(day));
	quality_day(clock_now_us(), inquiry->to);
	inquiry_post(inquiry);
}

static void
fill_weights(struct inquiry *inquiry, struct ledger *ledger)
{
	struct pg *pg = ledger_pg(ledger);

	pg_begin(pg);
	assessment_print_weights(pg, &inquiry->answer.body);
	finish(inquiry, pg, ERR_OK);
}

void
assessment_on_weights(struct http_exchange *exchange, void *context)
{
	struct member who;

	if (inquiry_admit(exchange, context, &who))
		inquiry_post(
		    inquiry_new(exchange, context, &who, fill_weights));
}

static void
put_weights(struct inquiry *inquiry, struct ledger *ledger)
{
	struct pg *pg = ledger_pg(ledger);
	struct why why = {""};
	enum err err;

	pg_begin(pg);
	err = assessment_set_weights(pg, buf_span(&inquiry->body),
	    inquiry->who.code, &inquiry->answer.body, &why);
	if (err == ERR_OK)
		action_note(pg, inquiry->who.code, "weights", "",
		    buf_span(&inquiry->body));
	news_tell(inquiry->hub->news, NEWS_ACTIONS);
	if (pg_end(pg, err == ERR_OK) != ERR_OK)
		answer_fail(&inquiry->answer, ERR_DATABASE, "no database");
	else if (err != ERR_OK)
		answer_refuse(
		    &inquiry->answer, 400, "malformed", "%s", why.text);
	else
		log_info("assessment.weights", "by=%s", inquiry->who.code);
}

void
assessment_on_new_weights(struct http_exchange *exchange, void *context)
{
	struct member who;

	if (inquiry_admit_actor(exchange, context, &who))
		inquiry_post(inquiry_new(exchange, context, &who, put_weights));
}
