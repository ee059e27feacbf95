/*
 * endpoints: what a candidate catalogue would do to the last day's batches.
 */
#include "hub/endpoints.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "hub/catalogue.h"
#include "hub/figure.h"
#include "hub/rehearsal_rows.h"

#define DAY_US (INT64_C(86400) * CLOCK_SECOND)

/* Signed, or not yet: it is only looked at.  The caller's to free. */
static struct catalogue *
parse_candidate(
    struct span body, const struct verifier *verifier, struct why *why)
{
	struct catalogue *candidate;

	body = text_trim(body);
	if (body.len == 0 || body.ptr[0] != '{')
		return catalogue_parse(body, verifier, why);
	candidate = mem_new(sizeof(*candidate));
	candidate->catalog = catalog_parse(body, why);
	if (candidate->catalog != NULL)
		return candidate;
	catalogue_free(candidate);
	return NULL;
}

static void
rehearse(struct inquiry *inquiry, struct ledger *ledger,
    const struct catalog *now, const struct catalog *candidate)
{
	int64_t now_us = clock_now_us(), since_us = now_us - DAY_US;
	struct rehearsal *rehearsal = rehearsal_new(now, candidate, now_us);
	struct json_out json = {.buf = &inquiry->answer.body};
	struct pg *pg = ledger_pg(ledger);
	char since[CLOCK_TEXT_MAX];
	bool all = true;
	enum err err;

	pg_begin(pg);
	err = rehearsal_rows_read(pg, since_us, rehearsal, &all);
	if (pg_end(pg, true) != ERR_OK || err != ERR_OK) {
		answer_fail(
		    &inquiry->answer, ERR_DATABASE, "rows cannot be read");
	} else {
		json_open_object(&json, NULL);
		json_put_int(
		    &json, "version", (int64_t)catalog_version(candidate));
		json_put_int(&json, "current", (int64_t)catalog_version(now));
		json_put_cstr(&json, "since", clock_print(since_us, since));
		json_put_bool(&json, "all", all);
		rehearsal_print(rehearsal, &json);
		json_close_object(&json);
	}
	rehearsal_free(rehearsal);
}

static void
fill_rehearsal(struct inquiry *inquiry, struct ledger *ledger)
{
	struct hub *hub = inquiry->hub;
	const struct catalogue *now = shared_hold(hub->catalogue);
	struct why why = {""};
	struct catalogue *candidate = parse_candidate(
	    buf_span(&inquiry->body), hub->catalogue_verifier, &why);

	if (now == NULL)
		answer_fail(&inquiry->answer, ERR_MISSING, "no catalogue yet");
	else if (candidate == NULL)
		answer_fail(&inquiry->answer, ERR_INVALID, why.text);
	else
		rehearse(inquiry, ledger, now->catalog, candidate->catalog);
	catalogue_free(candidate);
	shared_drop(hub->catalogue, now);
}

void
rehearsal_on_post(struct http_exchange *exchange, void *context)
{
	struct member who;

	if (inquiry_admit_actor(exchange, context, &who))
		figure_post(
		    inquiry_new(exchange, context, &who, fill_rehearsal));
}
