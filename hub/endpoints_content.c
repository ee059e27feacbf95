/*
 * endpoints: a batch's content comes in parts, and is committed at the end.
 *
 * Parts are appended in order, each on disk before it is answered, so a
 * sender that was cut off goes on with what the hub holds.
 */
#include "hub/endpoints.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "hub/handin.h"
#include "hub/inquiry.h"
#include "hub/upload.h"

/* "<department>-<digest>" */
#define PART_PREFIX_SIZE (MEMBER_CODE_MAX + 2)
#define PART_NAME_SIZE (PART_PREFIX_SIZE + DIGEST_HEX_LEN)

/* One file an upload, whatever characters are in its id; its department can
 * be told from it. */
static void
part_name(const struct ingest_batch *batch, char name[PART_NAME_SIZE])
{
	char hex[DIGEST_HEX_LEN + 1];
	struct buf text = {0};
	struct digest digest;

	buf_print(&text, "%s %u %s", batch->provider, batch->item, batch->id);
	digest = digest_of(buf_span(&text));
	digest_print(&digest, hex);
	snprintf(name, PART_NAME_SIZE, "%s-%s", batch->provider, hex);
	buf_release(&text);
}

/* Who and which batch, by path and certificate; replies when it is wrong. */
static bool
read_path(struct http_exchange *exchange, const struct hub *hub,
    struct ingest_batch *batch)
{
	const char *id = http_path_param(exchange, "id");
	struct answer answer = {0};

	*batch = (struct ingest_batch){.item = inquiry_item(exchange)};
	strcpy(batch->provider, http_peer(exchange)->code);
	if (!handin_check(hub, batch->provider, batch->item, &answer)) {
		answer_send(&answer, exchange);
		return false;
	}
	if (!receipt_id_is_valid(id)) {
		answer_problem(exchange, 404, "not_found", NULL);
		return false;
	}
	memcpy(batch->id, id, strlen(id) + 1);
	return true;
}

/* In the header too, for HEAD. */
static void
reply_held(struct http_exchange *exchange, uint64_t held)
{
	struct buf text = {0};
	struct json_out json = {.buf = &text};
	char number[24];

	snprintf(number, sizeof(number), "%" PRIu64, held);
	http_reply_header(exchange, "upload-offset", number);
	json_open_object(&json, NULL);
	json_put_int(&json, "held", (int64_t)held);
	json_close_object(&json);
	http_reply(exchange, 200, "application/json", buf_span(&text));
	buf_release(&text);
}

void
content_on_held(struct http_exchange *exchange, void *context)
{
	const struct hub *hub = context;
	struct ingest_batch batch;
	char name[PART_NAME_SIZE];

	if (!read_path(exchange, hub, &batch))
		return;
	part_name(&batch, name);
	reply_held(exchange, spool_held(hub->spool, name));
}

void
content_on_drop(struct http_exchange *exchange, void *context)
{
	const struct hub *hub = context;
	struct ingest_batch batch;
	char name[PART_NAME_SIZE];
	struct why why = {0};
	enum err err;

	if (!read_path(exchange, hub, &batch))
		return;
	part_name(&batch, name);
	err = spool_open_part(hub->spool, name, false, &batch.spool, &why);
	if (err != ERR_OK && err != ERR_MISSING) {
		answer_problem(exchange, 503,
		    err == ERR_BUSY ? "busy" : "not_ready", NULL);
		return;
	}
	spool_forget(batch.spool);
	spool_close(batch.spool);
	reply_held(exchange, 0);
}

struct range {
	uint64_t first, last, total;
};

static bool
take_number(const char **at, char end, uint64_t *number)
{
	char *rest;

	if (**at < '0' || **at > '9' || strspn(*at, "0123456789") > 18)
		return false;
	*number = strtoull(*at, &rest, 10);
	*at = rest + (*rest != '\0');
	return *rest == end;
}

/* "bytes 0-1023/4096" (RFC 9110, section 14.4). */
static bool
range_parse(const char *text, struct range *range)
{
	if (text == NULL || strncmp(text, "bytes ", 6) != 0)
		return false;
	text += 6;
	return take_number(&text, '-', &range->first) &&
	       take_number(&text, '/', &range->last) &&
	       take_number(&text, '\0', &range->total) &&
	       range->first <= range->last && range->last < range->total;
}

static bool
read_range(
    struct http_exchange *exchange, const struct hub *hub, struct range *range)
{
	if (!range_parse(http_header(exchange, "content-range"), range)) {
		answer_problem(exchange, 400, "malformed",
		    "Content-Range: bytes FIRST-LAST/TOTAL");
		return false;
	}
	if (range->total > (uint64_t)hub->settings.upload_bytes) {
		answer_problem(exchange, 413, "too_large", NULL);
		return false;
	}
	return true;
}

static void
refuse_range(struct http_exchange *exchange, uint64_t held)
{
	char text[64], detail[64];

	snprintf(text, sizeof(text), "bytes */%" PRIu64, held);
	snprintf(detail, sizeof(detail), "held: %" PRIu64, held);
	http_reply_header(exchange, "content-range", text);
	answer_problem(exchange, 416, "range", detail);
}

static void
on_synced(void *context, enum err err)
{
	struct upload *upload = context;
	uint64_t size = spool_size(upload->batch.spool);

	if (err != ERR_OK) {
		log_error("spool.write", "why=disk full or failing");
		answer_problem(upload->exchange, 503, "not_ready", "no room");
	} else if (upload->most > 0) {
		answer_problem(upload->exchange, 400, "malformed",
		    "fewer bytes than Content-Range says");
	} else {
		reply_held(upload->exchange, size);
	}
	upload_free(upload);
}

static void
part_is_written(struct upload *upload)
{
	spool_sync(upload->batch.spool, http_loop(upload->exchange), on_synced,
	    upload);
}

/* May the department begin one more?  Replies when not. */
static bool
may_begin(struct http_exchange *exchange, const struct hub *hub,
    const struct ingest_batch *batch, const char *name)
{
	size_t most = (size_t)hub->settings.upload_count;
	char prefix[PART_PREFIX_SIZE];

	snprintf(prefix, sizeof(prefix), "%s-", batch->provider);
	if (spool_count(hub->spool, prefix, name) < most)
		return true;
	answer_problem(exchange, 429, "uploads_full",
	    "go on with one that was begun, or drop one");
	return false;
}

/* The spool, when the part begins where it ends; replies when not. */
static bool
open_part(struct http_exchange *exchange, const struct hub *hub,
    struct ingest_batch *batch, uint64_t first)
{
	char name[PART_NAME_SIZE];
	struct why why;
	enum err err;

	part_name(batch, name);
	if (first == 0 && !may_begin(exchange, hub, batch, name))
		return false;
	err =
	    spool_open_part(hub->spool, name, first == 0, &batch->spool, &why);
	if (err == ERR_BUSY) {
		answer_problem(exchange, 503, "busy", why.text);
	} else if (err == ERR_MISSING) {
		refuse_range(exchange, 0);
	} else if (err != ERR_OK) {
		log_error("spool.open", "why=%s", why.text);
		answer_problem(exchange, 503, "not_ready", "no room");
	} else if (spool_size(batch->spool) != first) {
		refuse_range(exchange, spool_size(batch->spool));
		spool_close(batch->spool);
	} else {
		return true;
	}
	return false;
}

bool
content_on_open(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	struct ingest_batch batch;
	struct upload *upload;
	struct range range;

	if (!read_path(exchange, hub, &batch) ||
	    !read_range(exchange, hub, &range) ||
	    !open_part(exchange, hub, &batch, range.first))
		return false;
	upload = upload_new(exchange, hub, &batch);
	upload->finish = part_is_written;
	upload->is_part = true;
	upload->most = range.last - range.first + 1;
	return true;
}

/* What a commit says: {"digest","size","content_type","content_encoding",
 * "mode","divisions","sequence"}. */
static bool
read_commit(struct span body, struct ingest_batch *batch, int64_t *size,
    struct answer *answer)
{
	static const char *const names[] = {"digest", "size", "content_type",
	    "content_encoding", "mode", "divisions", "sequence", NULL};
	struct json *root = json_parse(body, NULL);
	const struct handin said = {
	    .mode = json_cstr(json_find(root, "mode"), NULL),
	    .divisions = json_cstr(json_find(root, "divisions"), NULL),
	    .sequence = json_cstr(json_find(root, "sequence"), NULL),
	    .type = json_cstr(json_find(root, "content_type"), NULL),
	    .coding = json_cstr(json_find(root, "content_encoding"), NULL)};
	bool fine;

	*size = json_int(json_find(root, "size"), -1);
	fine =
	    json_has_only(root, names, NULL) && *size >= 0 &&
	    digest_parse(json_text(json_find(root, "digest")), &batch->digest);
	if (!fine)
		answer_refuse(answer, 400, "malformed",
		    "digest: 64 hex digits; size; content_type; perhaps "
		    "content_encoding, mode, divisions, sequence");
	else
		fine = handin_describe(&said, batch, answer);
	batch->promised = true;
	json_free(root);
	return fine;
}

/* What is held, when it is all of it.  Nothing held: perhaps it was
 * committed before, which the ledger knows. */
static bool
open_whole(const struct hub *hub, struct ingest_batch *batch, int64_t size,
    struct answer *answer)
{
	char name[PART_NAME_SIZE];
	struct why why = {0};
	uint64_t held;
	enum err err;

	part_name(batch, name);
	err = spool_open_part(hub->spool, name, false, &batch->spool, &why);
	if (err == ERR_MISSING)
		return true;
	if (err != ERR_OK) {
		answer_refuse(answer, 503,
		    err == ERR_BUSY ? "busy" : "not_ready", "%s",
		    err == ERR_BUSY ? why.text : "the upload cannot be read");
		return false;
	}
	held = spool_size(batch->spool);
	if (held == (uint64_t)size)
		return true;
	if (held < (uint64_t)size) {
		answer_refuse(
		    answer, 409, "upload_incomplete", "held: %" PRIu64, held);
	} else {
		answer_refuse(answer, 409, "digest_mismatch",
		    "more bytes came than size says; begin again");
		spool_forget(batch->spool);
	}
	return false;
}

static void
send_answer(struct http_exchange *exchange, void *argument)
{
	(void)exchange;
	upload_answer(argument);
}

/* On an ingest thread.  What was refused for good is of no more use. */
static void
on_done(struct ingest_batch *batch)
{
	struct upload *upload = (struct upload *)batch;

	if (batch->answer.problem == NULL || batch->answer.status < 500)
		spool_forget(batch->spool);
	http_defer(upload->exchange, send_answer, upload);
}

void
content_on_commit(struct http_exchange *exchange, void *context)
{
	struct hub *hub = context;
	struct ingest_batch batch;
	struct upload *upload;
	int64_t size;

	if (!read_path(exchange, hub, &batch))
		return;
	if (!read_commit(http_body(exchange), &batch, &size, &batch.answer) ||
	    !open_whole(hub, &batch, size, &batch.answer)) {
		answer_send(&batch.answer, exchange);
		spool_close(batch.spool);
		return;
	}
	batch.received_us = clock_now_us();
	batch.done = on_done;
	upload = upload_new(exchange, hub, &batch);
	if (ingest_post(hub->ingest, &upload->batch))
		return;
	answer_problem(exchange, 503, "busy", NULL);
	upload_free(upload);
}
