/*
 * endpoints: batches come in.
 */
#include "hub/endpoints.h"

#include "base/clock.h"
#include "base/log.h"
#include "hub/handin.h"
#include "hub/inquiry.h"
#include "hub/upload.h"

/* May this peer hand in this item?  Replies when not. */
static bool
is_provider(
    struct http_exchange *exchange, const struct hub *hub, uint32_t item)
{
	struct answer answer = {0};

	if (handin_check(hub, http_peer(exchange)->code, item, &answer))
		return true;
	answer_send(&answer, exchange);
	return false;
}

/* What the request says of the batch; replies when it is wrong. */
static bool
read_head(struct http_exchange *exchange, struct ingest_batch *batch)
{
	const char *id = http_header(exchange, "idempotency-key");
	const struct handin said = {.mode = http_query(exchange, "mode"),
	    .divisions = http_query(exchange, "divisions"),
	    .sequence = http_header(exchange, "batch-sequence"),
	    .type = http_header(exchange, "content-type"),
	    .coding = http_header(exchange, "content-encoding")};
	struct answer answer = {0};

	if (id == NULL || !receipt_id_is_valid(id)) {
		answer_problem(exchange, 400, "malformed",
		    "Idempotency-Key: the batch id, 1 to 128 printable "
		    "characters");
		return false;
	}
	if (!handin_describe(&said, batch, &answer)) {
		answer_send(&answer, exchange);
		return false;
	}
	memcpy(batch->id, id, strlen(id) + 1);
	return true;
}

static void
send_answer(struct http_exchange *exchange, void *argument)
{
	(void)exchange;
	upload_answer(argument);
}

/* On an ingest thread. */
static void
on_done(struct ingest_batch *batch)
{
	struct upload *upload = (struct upload *)batch;

	http_defer(upload->exchange, send_answer, upload);
}

/* Who was suspended, or lost the item, while it uploaded is refused too. */
static void
hand_over(struct upload *upload)
{
	if (!is_provider(upload->exchange, upload->hub, upload->batch.item)) {
		upload_free(upload);
		return;
	}
	upload->batch.done = on_done;
	if (ingest_post(upload->hub->ingest, &upload->batch))
		return;
	answer_problem(upload->exchange, 503, "busy", NULL);
	upload_free(upload);
}

bool
feed_on_open(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	struct ingest_batch batch = {.item = inquiry_item(exchange)};
	struct upload *upload;
	struct why why;

	if (!is_provider(exchange, hub, batch.item) ||
	    !read_head(exchange, &batch))
		return false;
	batch.spool = spool_open(hub->spool, &why);
	if (batch.spool == NULL) {
		log_error("spool.open", "why=%s", why.text);
		answer_problem(exchange, 503, "not_ready", "no room");
		return false;
	}
	strcpy(batch.provider, http_peer(exchange)->code);
	batch.received_us = clock_now_us();
	upload = upload_new(exchange, hub, &batch);
	upload->finish = hand_over;
	upload->most = (uint64_t)hub->settings.upload_bytes;
	return true;
}
