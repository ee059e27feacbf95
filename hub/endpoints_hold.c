/*
 * endpoints: batches that wait for an operator, and what is decided.
 */
#include "hub/endpoints.h"

#include "base/log.h"
#include "base/mem.h"
#include "hub/hold.h"
#include "hub/inquiry.h"

/* A held batch on its way in, until it is answered. */
struct release {
	struct ingest_batch batch; /* first: ingest knows only this */
	struct http_exchange *exchange;
};

static void
release_free(struct release *release)
{
	spool_close(release->batch.spool);
	answer_release(&release->batch.answer);
	mem_free(release);
}

static void
send_answer(struct http_exchange *exchange, void *argument)
{
	struct release *release = argument;

	answer_send(&release->batch.answer, exchange);
	release_free(release);
}

/* On an ingest thread. */
static void
on_done(struct ingest_batch *batch)
{
	struct release *release = (struct release *)batch;

	http_defer(release->exchange, send_answer, release);
}

/* Which batch, by path and query; replies when it is wrong. */
static bool
read_path(struct http_exchange *exchange, const struct member *who,
    struct ingest_batch *batch)
{
	const char *id = http_path_param(exchange, "id");
	const char *provider = http_query(exchange, "provider");

	*batch = (struct ingest_batch){.item = inquiry_item(exchange)};
	if (batch->item == 0 || !receipt_id_is_valid(id)) {
		answer_problem(exchange, 404, "not_found", NULL);
		return false;
	}
	if (provider == NULL || strlen(provider) > MEMBER_CODE_MAX) {
		answer_problem(exchange, 400, "malformed",
		    "provider: code of the department that handed it in");
		return false;
	}
	memcpy(batch->id, id, strlen(id) + 1);
	strcpy(batch->provider, provider);
	strcpy(batch->decided_by, who->code);
	return true;
}

void
hold_on_release(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	struct ingest_batch batch;
	struct release *release;
	struct member who;

	if (!inquiry_admit_actor(exchange, hub, &who) ||
	    !read_path(exchange, &who, &batch))
		return;
	release = mem_new(sizeof(*release));
	release->batch = batch;
	release->batch.release = true;
	release->batch.done = on_done;
	release->exchange = exchange;
	if (ingest_post(hub->ingest, &release->batch))
		return;
	answer_problem(exchange, 503, "busy", NULL);
	release_free(release);
}

static void
fill_refusal(struct inquiry *inquiry, struct ledger *ledger)
{
	struct ingest_batch batch = {.item = inquiry->item};
	enum err err;

	memcpy(batch.id, inquiry->id, sizeof(batch.id));
	memcpy(batch.provider, inquiry->provider, sizeof(batch.provider));
	memcpy(batch.decided_by, inquiry->who.code, sizeof(batch.decided_by));
	batch.answer.status = 200;
	err = hold_refuse(&inquiry->hub->hold, ledger_pg(ledger), &batch);
	spool_close(batch.spool);
	answer_release(&inquiry->answer);
	inquiry->answer = batch.answer;
	if (err == ERR_DATABASE)
		answer_fail(&inquiry->answer, err, "no database");
	if (err == ERR_OK)
		log_info("hold.refuse", "item=%u", batch.item);
}

void
hold_on_refuse(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	struct ingest_batch batch;
	struct inquiry *inquiry;
	struct member who;

	if (!inquiry_admit_actor(exchange, hub, &who) ||
	    !read_path(exchange, &who, &batch))
		return;
	inquiry = inquiry_new(exchange, hub, &who, fill_refusal);
	inquiry->item = batch.item;
	memcpy(inquiry->id, batch.id, sizeof(batch.id));
	memcpy(inquiry->provider, batch.provider, sizeof(batch.provider));
	inquiry_post(inquiry);
}

static void
fill_list(struct inquiry *inquiry, struct ledger *ledger)
{
	bool all = inquiry->who.kind == MEMBER_OPERATOR;
	struct pg *pg = ledger_pg(ledger);
	enum err err;

	pg_begin(pg);
	err =
	    hold_print(pg, all ? "" : inquiry->who.code, &inquiry->answer.body);
	if (pg_end(pg, true) != ERR_OK || err != ERR_OK)
		answer_fail(&inquiry->answer, ERR_DATABASE, "no database");
}

void
hold_on_list(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	const char *state = http_query(exchange, "state");
	struct member who;

	if (!inquiry_admit(exchange, hub, &who))
		return;
	if (who.kind != MEMBER_OPERATOR && who.kind != MEMBER_DEPARTMENT)
		answer_problem(exchange, 403, "member_kind", NULL);
	else if (state == NULL || strcmp(state, "held") != 0)
		answer_problem(exchange, 400, "malformed", "state: held");
	else
		inquiry_post(inquiry_new(exchange, hub, &who, fill_list));
}
