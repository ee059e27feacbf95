/*
 * endpoints: batches come in.
 */
#include "hub/endpoints.h"

#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub/catalogue.h"
#include "hub/inquiry.h"

#define WRITE_BYTES (256 << 10)

/* An upload until it is answered. */
struct upload {
	struct ingest_batch batch; /* first: ingest knows only this */
	struct hub *hub;
	struct http_exchange *exchange;
	struct buf pending; /* not yet on its way to the file */
	bool writing;
	bool complete; /* the last byte has come */
	bool cut;      /* nobody waits for an answer any more */
};

static void
upload_free(struct upload *upload)
{
	spool_close(upload->batch.spool);
	answer_release(&upload->batch.answer);
	buf_release(&upload->pending);
	mem_free(upload);
}

static bool
is_charset(const char *parameters, const char **charset)
{
	const char *at = strcasestr(parameters, "charset=");
	size_t len;

	*charset = "utf-8";
	if (at == NULL)
		return true;
	at += strlen("charset=");
	at += *at == '"';
	len = strcspn(at, "\"; ");
	if (len == 5 && strncasecmp(at, "utf-8", 5) == 0)
		return true;
	*charset = "gb18030";
	return len == 7 && strncasecmp(at, "gb18030", 7) == 0;
}

static bool
read_media_type(const char *type, struct ingest_batch *batch)
{
	size_t len = type != NULL ? strcspn(type, "; ") : 0;

	if (len == 8 && strncasecmp(type, "text/csv", len) == 0)
		batch->format = FEED_CSV;
	else if (len == 20 &&
		 strncasecmp(type, "application/x-ndjson", 20) == 0)
		batch->format = FEED_NDJSON;
	else
		return false;
	return is_charset(type + len, &batch->charset);
}

static bool
catalogue_has(const struct hub *hub, uint32_t item)
{
	const struct catalogue *catalogue = shared_hold(hub->catalogue);
	bool has = catalogue != NULL &&
		   catalog_find_item(catalogue->catalog, item) != NULL;

	shared_drop(hub->catalogue, catalogue);
	return has;
}

static bool
is_provider(struct http_exchange *exchange, const struct hub *hub,
    uint32_t item, struct member *who)
{
	if (!inquiry_admit(exchange, hub, who))
		return false;
	if (who->kind != MEMBER_DEPARTMENT) {
		answer_problem(
		    exchange, 403, "member_kind", "departments hand in");
		return false;
	}
	if (item == 0 || !catalogue_has(hub, item)) {
		answer_problem(exchange, 404, "item_unknown", NULL);
		return false;
	}
	if (!member_may_provide(who, item)) {
		answer_problem(exchange, 403, "not_yours",
		    "this department does not provide this item");
		return false;
	}
	return true;
}

/* What the request says of the batch; replies when it is wrong. */
static bool
read_head(struct http_exchange *exchange, struct ingest_batch *batch)
{
	const char *id = http_header(exchange, "idempotency-key");
	const char *mode = http_query(exchange, "mode");

	if (id == NULL || !receipt_id_is_valid(id)) {
		answer_problem(exchange, 400, "malformed",
		    "Idempotency-Key: the batch id, 1 to 128 printable "
		    "characters");
		return false;
	}
	if (mode != NULL && strcmp(mode, "full") == 0) {
		answer_problem(exchange, 501, "not_available",
		    "mode=full cannot withdraw what a batch leaves out yet");
		return false;
	}
	if (mode != NULL && strcmp(mode, "delta") != 0) {
		answer_problem(exchange, 400, "malformed", "mode: delta");
		return false;
	}
	if (!read_media_type(http_header(exchange, "content-type"), batch)) {
		answer_problem(exchange, 415, "media_type",
		    "text/csv or application/x-ndjson; charset utf-8 or "
		    "gb18030");
		return false;
	}
	memcpy(batch->id, id, strlen(id) + 1);
	return true;
}

bool
feed_on_open(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	struct ingest_batch batch = {.item = inquiry_item(exchange)};
	struct upload *upload;
	struct member who;
	struct why why;

	if (!is_provider(exchange, hub, batch.item, &who) ||
	    !read_head(exchange, &batch))
		return false;
	batch.spool = spool_open(hub->spool, &why);
	if (batch.spool == NULL) {
		log_error("spool.open", "why=%s", why.text);
		answer_problem(exchange, 503, "not_ready", "no room");
		return false;
	}
	memcpy(batch.provider, who.code, sizeof(batch.provider));
	batch.received_us = clock_now_us();
	upload = mem_new(sizeof(*upload));
	upload->batch = batch;
	upload->hub = hub;
	upload->exchange = exchange;
	http_set_state(exchange, upload, NULL);
	return true;
}

static void
send_answer(struct http_exchange *exchange, void *argument)
{
	struct upload *upload = argument;

	answer_send(&upload->batch.answer, exchange);
	upload_free(upload);
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
	struct member who;

	if (!is_provider(
		upload->exchange, upload->hub, upload->batch.item, &who)) {
		upload_free(upload);
		return;
	}
	upload->batch.done = on_done;
	if (ingest_post(upload->hub->ingest, &upload->batch))
		return;
	answer_problem(upload->exchange, 503, "busy", NULL);
	upload_free(upload);
}

static void write_pending(struct upload *upload);

static void
on_written(void *context, enum err err)
{
	struct upload *upload = context;

	upload->writing = false;
	if (upload->cut) {
		upload_free(upload);
		return;
	}
	if (err != ERR_OK) {
		log_error("spool.write", "why=disk full or failing");
		answer_refuse(
		    &upload->batch.answer, 503, "not_ready", "no room");
	}
	if (!upload->complete)
		http_resume(upload->exchange);
	else if (upload->batch.answer.problem != NULL)
		send_answer(upload->exchange, upload);
	else if (upload->pending.len > 0)
		write_pending(upload);
	else
		hand_over(upload);
}

static void
write_pending(struct upload *upload)
{
	upload->writing = true;
	spool_write(upload->batch.spool, http_loop(upload->exchange),
	    buf_span(&upload->pending), on_written, upload);
	buf_reset(&upload->pending);
}

void
feed_on_chunk(struct http_exchange *exchange, struct span piece, void *context)
{
	struct upload *upload = http_state(exchange);

	(void)context;
	/* After a failed write the rest is read and dropped. */
	if (upload->batch.answer.problem != NULL)
		return;
	buf_add(&upload->pending, piece.ptr, piece.len);
	if (upload->pending.len < WRITE_BYTES || upload->writing)
		return;
	http_pause(exchange);
	write_pending(upload);
}

void
feed_on_close(struct http_exchange *exchange, bool cut, void *context)
{
	struct upload *upload = http_state(exchange);

	(void)context;
	upload->cut = cut;
	upload->complete = true;
	if (upload->writing)
		return;
	if (cut)
		upload_free(upload);
	else if (upload->batch.answer.problem != NULL)
		send_answer(exchange, upload);
	else if (upload->pending.len > 0)
		write_pending(upload);
	else
		hand_over(upload);
}
