/*
 * endpoints: receipts and findings go out.
 */
#include "hub/endpoints.h"

#include <stdlib.h>

#include "hub/inquiry.h"
#include "hub/proof.h"

#define FINDINGS_MAX 1000

static const char *
whose(const struct inquiry *inquiry)
{
	return inquiry->who.kind == MEMBER_OPERATOR ? "" : inquiry->who.code;
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

static void
fill_findings(struct inquiry *inquiry, struct ledger *ledger)
{
	struct receipt which = {.provider = whose(inquiry),
	    .item = inquiry->item,
	    .id = inquiry->id};
	struct pg *pg = ledger_pg(ledger);
	enum err err;

	pg_begin(pg);
	err = receipt_read_findings(
	    pg, &which, inquiry->after, inquiry->limit, &inquiry->answer.body);
	finish(inquiry, pg, err);
}

/* A decimal number of the query, at least `low`; -1 when it is none. */
static int64_t
query_number(const struct http_exchange *exchange, const char *name,
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

static bool
may_read_receipts(
    struct http_exchange *exchange, const struct hub *hub, struct member *who)
{
	if (!inquiry_admit(exchange, hub, who))
		return false;
	if (who->kind == MEMBER_DEPARTMENT || who->kind == MEMBER_OPERATOR)
		return true;
	answer_problem(exchange, 403, "member_kind", NULL);
	return false;
}

static void
ask_about_batch(struct http_exchange *exchange, struct hub *hub,
    void (*fill)(struct inquiry *inquiry, struct ledger *ledger))
{
	const char *id = http_path_param(exchange, "id");
	uint32_t item = inquiry_item(exchange);
	int64_t after = query_number(exchange, "after", 0, 0);
	int64_t limit = query_number(exchange, "limit", 100, 1);
	struct inquiry *inquiry;
	struct member who;

	if (!may_read_receipts(exchange, hub, &who))
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

void
feed_on_findings(struct http_exchange *exchange, void *context)
{
	ask_about_batch(exchange, context, fill_findings);
}
