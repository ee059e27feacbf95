/*
 * upload: the body of a request on its way into a spool.
 */
#include "hub/upload.h"

#include "base/log.h"
#include "base/mem.h"

#define WRITE_BYTES (256 << 10)

struct upload *
upload_new(struct http_exchange *exchange, struct hub *hub,
    const struct ingest_batch *batch)
{
	struct upload *upload = mem_new(sizeof(*upload));

	upload->batch = *batch;
	upload->hub = hub;
	upload->exchange = exchange;
	upload->loop = http_loop(exchange);
	upload->most = UINT64_MAX;
	http_set_state(exchange, upload, NULL);
	return upload;
}

void
upload_free(struct upload *upload)
{
	spool_close(upload->batch.spool);
	answer_release(&upload->batch.answer);
	buf_release(&upload->pending);
	mem_free(upload);
}

void
upload_answer(struct upload *upload)
{
	answer_send(&upload->batch.answer, upload->exchange);
	upload_free(upload);
}

static void write_pending(struct upload *upload);

/* The next step when no write is under way and the body has ended. */
static void
go_on(struct upload *upload)
{
	if (upload->batch.answer.problem != NULL)
		upload_answer(upload);
	else if (upload->pending.len > 0)
		write_pending(upload);
	else
		upload->finish(upload);
}

/* A sender whose link is cut again and again comes on with each piece. */
static void
end_cut(struct upload *upload, enum err err)
{
	if (err == ERR_OK && upload->is_part && upload->pending.len > 0)
		write_pending(upload);
	else
		upload_free(upload);
}

static void
on_written(void *context, enum err err)
{
	struct upload *upload = context;

	upload->writing = false;
	if (upload->cut) {
		end_cut(upload, err);
		return;
	}
	if (err != ERR_OK) {
		log_error("spool.write", "why=disk full or failing");
		answer_refuse(
		    &upload->batch.answer, 503, "not_ready", "no room");
	}
	if (upload->complete)
		go_on(upload);
	else
		http_resume(upload->exchange);
}

static void
write_pending(struct upload *upload)
{
	upload->writing = true;
	spool_write(upload->batch.spool, upload->loop,
	    buf_span(&upload->pending), on_written, upload);
	buf_reset(&upload->pending);
}

void
upload_on_chunk(
    struct http_exchange *exchange, struct span piece, void *context)
{
	struct upload *upload = http_state(exchange);

	(void)context;
	/* After a failure the rest is read and dropped. */
	if (upload->batch.answer.problem != NULL)
		return;
	if (piece.len > upload->most) {
		answer_refuse(&upload->batch.answer, 413, "too_large",
		    "more bytes than may come");
		return;
	}
	upload->most -= piece.len;
	buf_add(&upload->pending, piece.ptr, piece.len);
	if (upload->pending.len < WRITE_BYTES || upload->writing)
		return;
	http_pause(exchange);
	write_pending(upload);
}

void
upload_on_close(struct http_exchange *exchange, bool cut, void *context)
{
	struct upload *upload = http_state(exchange);

	(void)context;
	upload->cut = cut;
	upload->complete = true;
	if (upload->writing)
		return;
	if (cut)
		end_cut(upload, ERR_OK);
	else
		go_on(upload);
}
