/*
 * endpoints: receipts, findings, conflicts and quality figures go out.
 */
#include "hub/endpoints.h"

#include "hub/catalogue.h"
#include "hub/conflict.h"
#include "hub/findings_read.h"
#include "hub/inquiry.h"
#include "hub/proof.h"
#include "hub/quality.h"

#define FINDINGS_MAX 1000
#define QUALITY_MAX 5000
#define QUALITY_DAYS 30

static const char *
whose(const struct inquiry *inquiry)
{
	return inquiry->who.kind == MEMBER_OPERATOR ? inquiry->provider
						    : inquiry->who.code;
}

static void
finish(struct inquiry *inquiry, struct pg *pg, enum err err)
{
	if (pg_end(pg, true) != ERR_OK)
		answer_fail(&inquiry->answer, ERR_DATABASE, "no database");
	else if (err != ERR_OK)
		answer_fail(&inquiry->answer, err, "no such batch of yours");
}

static void
fill_receipt(struct inquiry *inquiry, struct ledger *ledger)
{
	struct pg *pg = ledger_pg(ledger);
	enum err err;

	pg_begin(pg);
	err = receipt_read(pg, whose(inquiry), inquiry->item, inquiry->id,
	    &inquiry->answer.body);
	finish(inquiry, pg, err);
}

static void
fill_proof(struct inquiry *inquiry, struct ledger *ledger)
{
	struct receipt which = {.provider = whose(inquiry),
	    .item = inquiry->item,
	    .id = inquiry->id};
	struct pg *pg = ledger_pg(ledger);
	enum err err;

	pg_begin(pg);
	err = proof_sign(
	    pg, &which, inquiry->hub->receipt_signer, &inquiry->answer.body);
	inquiry->answer.content_type = "application/jose";
	finish(inquiry, pg, err);
}

/* What is asked of findings, with the catalogue that explains them; to be
 * dropped again. */
static struct findings_question
ask(struct inquiry *inquiry, const struct catalogue *catalogue)
{
	return (struct findings_question){
	    .catalog = catalogue != NULL ? catalogue->catalog : NULL,
	    .provider = whose(inquiry),
	    .item = inquiry->item,
	    .batch = inquiry->id,
	    .after = inquiry->after,
	    .limit = inquiry->limit};
}

static void
fill_list(struct inquiry *inquiry, struct ledger *ledger,
    enum err (*print)(struct pg *pg, const struct findings_question *question,
	struct buf *out))
{
	const struct catalogue *catalogue =
	    shared_hold(inquiry->hub->catalogue);
	struct findings_question question = ask(inquiry, catalogue);
	struct pg *pg = ledger_pg(ledger);
	enum err err;

	pg_begin(pg);
	err = print(pg, &question, &inquiry->answer.body);
	finish(inquiry, pg, err);
	shared_drop(inquiry->hub->catalogue, catalogue);
}

static void
fill_findings(struct inquiry *inquiry, struct ledger *ledger)
{
	fill_list(inquiry, ledger, findings_print);
}

static void
fill_open(struct inquiry *inquiry, struct ledger *ledger)
{
	fill_list(inquiry, ledger, findings_print_open);
}

static void
fill_rows(struct inquiry *inquiry, struct ledger *ledger)
{
	const struct catalogue *catalogue =
	    shared_hold(inquiry->hub->catalogue);
	struct findings_question question = ask(inquiry, catalogue);
	struct pg *pg = ledger_pg(ledger);
	bool is_ndjson = false;
	enum err err;

	pg_begin(pg);
	err = findings_print_rows(
	    pg, &question, &inquiry->answer.body, &is_ndjson);
	inquiry->answer.content_type =
	    is_ndjson ? "application/x-ndjson" : "text/csv; charset=utf-8";
	finish(inquiry, pg, err);
	shared_drop(inquiry->hub->catalogue, catalogue);
}

static void
ask_about_batch(struct http_exchange *exchange, struct hub *hub,
    void (*fill)(struct inquiry *inquiry, struct ledger *ledger))
{
	const char *id = http_path_param(exchange, "id");
	uint32_t item = inquiry_item(exchange);
	int64_t after = inquiry_number(exchange, "after", 0, 0);
	int64_t limit = inquiry_number(exchange, "limit", 100, 1);
	struct inquiry *inquiry;
	struct member who;

	if (!inquiry_admit_provider(exchange, hub, &who) ||
	    (fill == fill_rows && !inquiry_admit_reader(exchange, &who)))
		return;
	if (item == 0 || !receipt_id_is_valid(id)) {
		answer_problem(exchange, 404, "not_found", NULL);
		return;
	}
	if (after < 0 || limit < 0) {
		answer_problem(
		    exchange, 400, "malformed", "after, limit: numbers");
		return;
	}
	inquiry = inquiry_new(exchange, hub, &who, fill);
	inquiry->item = item;
	inquiry->after = after;
	inquiry->limit = limit < FINDINGS_MAX ? limit : FINDINGS_MAX;
	memcpy(inquiry->id, id, strlen(id) + 1);
	inquiry_post(inquiry);
}

void
feed_on_receipt(struct http_exchange *exchange, void *context)
{
	const struct hub *hub = context;
	const char *accept = http_header(exchange, "accept");
	bool proof = accept != NULL && strstr(accept, "application/jose");

	if (proof && hub->receipt_signer == NULL)
		answer_problem(exchange, 501, "not_available",
		    "this hub has no receipt_key");
	else
		ask_about_batch(
		    exchange, context, proof ? fill_proof : fill_receipt);
}

/* As JSON, or with format=csv the rows themselves. */
void
feed_on_findings(struct http_exchange *exchange, void *context)
{
	const char *format = http_query(exchange, "format");

	if (format == NULL || strcmp(format, "json") == 0)
		ask_about_batch(exchange, context, fill_findings);
	else if (strcmp(format, "csv") == 0)
		ask_about_batch(exchange, context, fill_rows);
	else
		answer_problem(
		    exchange, 400, "malformed", "format: json or csv");
}

static void
fill_conflicts(struct inquiry *inquiry, struct ledger *ledger)
{
	const struct conflict_question question = {.provider = whose(inquiry),
	    .item = inquiry->item,
	    .after = inquiry->after,
	    .limit = inquiry->limit};
	struct pg *pg = ledger_pg(ledger);
	enum err err;

	pg_begin(pg);
	err = conflict_print(pg, &question, &inquiry->answer.body);
	finish(inquiry, pg, err);
}

/* A page of what is open, of one item or all, whatever the batch. */
static void
ask_for_page(struct http_exchange *exchange, struct hub *hub,
    void (*fill)(struct inquiry *inquiry, struct ledger *ledger))
{
	const char *state = http_query(exchange, "state");
	const char *provider = http_query(exchange, "provider");
	int64_t item = inquiry_number(exchange, "item", 0, 0);
	int64_t after = inquiry_number(exchange, "after", 0, 0);
	int64_t limit = inquiry_number(exchange, "limit", 100, 1);
	struct inquiry *inquiry;
	struct member who;

	if (!inquiry_admit_provider(exchange, hub, &who) ||
	    (fill == fill_conflicts && !inquiry_admit_reader(exchange, &who)))
		return;
	if ((state != NULL && strcmp(state, "open") != 0) || item < 0 ||
	    item > CATALOG_ITEM_MAX || after < 0 || limit < 0 ||
	    (provider != NULL && !member_code_is_valid(span_of(provider)))) {
		answer_problem(exchange, 400, "malformed",
		    "state: open; item, after, limit: numbers; provider: code");
		return;
	}
	inquiry = inquiry_new(exchange, hub, &who, fill);
	inquiry->item = (uint32_t)item;
	inquiry->after = after;
	inquiry->limit = limit < FINDINGS_MAX ? limit : FINDINGS_MAX;
	strcpy(inquiry->provider, provider != NULL ? provider : "");
	inquiry_post(inquiry);
}

void
feed_on_open_findings(struct http_exchange *exchange, void *context)
{
	ask_for_page(exchange, context, fill_open);
}

void
feed_on_conflicts(struct http_exchange *exchange, void *context)
{
	ask_for_page(exchange, context, fill_conflicts);
}

static void
fill_quality(struct inquiry *inquiry, struct ledger *ledger)
{
	struct pg *pg = ledger_pg(ledger);
	bool is_operator = inquiry->who.kind == MEMBER_OPERATOR;
	const struct quality_question question = {
	    .provider = is_operator ? inquiry->provider : inquiry->who.code,
	    .item = inquiry->item,
	    .from = inquiry->from,
	    .to = inquiry->to,
	    .after = inquiry->after,
	    .limit = inquiry->limit};
	enum err err;

	pg_begin(pg);
	err = quality_print(pg, &question, &inquiry->answer.body);
	finish(inquiry, pg, err);
}

void
feed_on_quality(struct http_exchange *exchange, void *context)
{
	const char *provider = http_query(exchange, "provider");
	int64_t item = inquiry_number(exchange, "item", 0, 0);
	int64_t after = inquiry_number(exchange, "after", 0, 0);
	int64_t limit = inquiry_number(exchange, "limit", 1000, 1);
	char from[11], to[11];
	struct inquiry *inquiry;
	struct member who;

	if (!inquiry_admit_provider(exchange, context, &who))
		return;
	if (!inquiry_day(exchange, "from", QUALITY_DAYS, from) ||
	    !inquiry_day(exchange, "to", 0, to) || item < 0 ||
	    item > CATALOG_ITEM_MAX || after < 0 || limit < 0 ||
	    (provider != NULL && strlen(provider) > MEMBER_CODE_MAX)) {
		answer_problem(exchange, 400, "malformed",
		    "provider; item, after, limit: numbers; from, to: days");
		return;
	}
	inquiry = inquiry_new(exchange, context, &who, fill_quality);
	inquiry->item = (uint32_t)item;
	inquiry->after = after;
	inquiry->limit = limit < QUALITY_MAX ? limit : QUALITY_MAX;
	strcpy(inquiry->provider, provider != NULL ? provider : "");
	memcpy(inquiry->from, from, sizeof(from));
	memcpy(inquiry->to, to, sizeof(to));
	inquiry_post(inquiry);
}
