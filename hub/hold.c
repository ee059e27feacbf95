/*
 * hold: batches that wait for an operator.
 */
#include "hub/hold.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "hub/action.h"

#define PIECE (256 << 10)
#define LISTED_MAX 1000
#define NAME_SIZE 24

static uint64_t
percent(uint64_t part, uint64_t whole)
{
	return whole > 0 ? part * 100 / whole : 0;
}

static bool
exceeds(uint64_t part, uint64_t whole, int64_t share)
{
	return part * 100 > whole * (uint64_t)share;
}

const char *
hold_reason(
    const struct hold_limits *limits, uint64_t set, struct receipt *receipt)
{
	if (exceeds(receipt->withdrawn, set, limits->withdraw_share)) {
		receipt->share = percent(receipt->withdrawn, set);
		return "withdraw_share";
	}
	if (receipt->rows >= HOLD_ROWS_MIN &&
	    exceeds(receipt->rejected, receipt->rows, limits->reject_share)) {
		receipt->share = percent(receipt->rejected, receipt->rows);
		return "reject_share";
	}
	return NULL;
}

static const char *
name_of(int64_t number, char out[NAME_SIZE])
{
	snprintf(out, NAME_SIZE, "%lld", (long long)number);
	return out;
}

static enum err
copy(struct spool *from, struct spool *to)
{
	struct buf piece = {0};
	uint64_t offset = 0;
	size_t len = 1;
	enum err err = ERR_OK;

	while (err == ERR_OK && len > 0) {
		buf_reset(&piece);
		err = spool_read(from, offset, &piece, PIECE, &len);
		offset += len;
		if (err == ERR_OK && len > 0)
			err = spool_append(to, buf_span(&piece));
	}
	buf_release(&piece);
	return err != ERR_OK ? err : spool_flush(to);
}

static enum err
keep_bytes(const char *folder, struct spool *spool, int64_t number)
{
	char name[NAME_SIZE];
	struct spool *kept = NULL;
	struct why why;
	enum err err =
	    spool_open_part(folder, name_of(number, name), true, &kept, &why);

	if (err != ERR_OK)
		return err;
	err = copy(spool, kept);
	if (err != ERR_OK)
		spool_forget(kept);
	spool_close(kept);
	return err;
}

enum err
hold_keep(const struct hold_limits *limits, struct pg *pg,
    struct ingest_batch *batch, const struct receipt *receipt, int64_t number)
{
	bool csv = batch->format == FEED_CSV;

	pg_exec(pg,
	    "INSERT INTO held_batch"
	    " (number, format, charset, coding, divisions, reason, share)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7)",
	    pg_arg_int(number), pg_arg_text(span_of(csv ? "csv" : "ndjson")),
	    pg_arg_text(span_of(batch->charset)), pg_arg_int(batch->coding),
	    pg_arg_text(span_of(batch->divisions)),
	    pg_arg_text(span_of(receipt->held)),
	    pg_arg_int((int64_t)receipt->share));
	return keep_bytes(limits->folder, batch->spool, number);
}

static void
copy_text(char *out, size_t size, struct span text)
{
	size_t len = text.len < size ? text.len : size - 1;

	if (len > 0)
		memcpy(out, text.ptr, len);
	out[len] = '\0';
}

static void
read_batch(struct pg *pg, struct ingest_batch *batch, struct receipt *receipt)
{
	struct span digest = pg_bytes(pg, 0, 2);

	if (digest.len == DIGEST_LEN)
		memcpy(receipt->digest.bytes, digest.ptr, DIGEST_LEN);
	receipt->size = (uint64_t)pg_int(pg, 0, 3);
	receipt->rows = (uint64_t)pg_int(pg, 0, 4);
	receipt->rejected = (uint64_t)pg_int(pg, 0, 5);
	receipt->warned = (uint64_t)pg_int(pg, 0, 6);
	receipt->received_us = pg_time(pg, 0, 7);
	batch->received_us = receipt->received_us;
	batch->full = span_is(pg_bytes(pg, 0, 8), "full");
	receipt->full = batch->full;
	batch->format =
	    span_is(pg_bytes(pg, 0, 9), "csv") ? FEED_CSV : FEED_NDJSON;
	batch->charset =
	    span_is(pg_bytes(pg, 0, 10), "utf-8") ? "utf-8" : "gb18030";
	batch->coding = (enum inflate_kind)pg_int(pg, 0, 11);
	copy_text(
	    batch->divisions, sizeof(batch->divisions), pg_bytes(pg, 0, 12));
}

enum err
hold_claim(const struct hold_limits *limits, struct pg *pg,
    struct ingest_batch *batch, struct receipt *receipt, int64_t *number)
{
	char name[NAME_SIZE];
	struct why why;

	pg_exec(pg,
	    "SELECT b.number, b.state, b.digest, b.size, b.rows, b.rejected,"
	    " b.warned, b.received_at, b.mode, h.format, h.charset, h.coding,"
	    " h.divisions FROM feed_batch b"
	    " LEFT JOIN held_batch h ON h.number = b.number"
	    " WHERE b.provider = $1 AND b.item = $2 AND b.id = $3"
	    " FOR UPDATE OF b",
	    pg_arg_text(span_of(batch->provider)), pg_arg_int(batch->item),
	    pg_arg_text(span_of(batch->id)));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (pg_rows(pg) == 0) {
		answer_refuse(
		    &batch->answer, 404, "not_found", "no such batch");
		return ERR_INVALID;
	}
	if (!span_is(pg_bytes(pg, 0, 1), "held")) {
		answer_refuse(&batch->answer, 409, "not_held",
		    "this batch does not wait for a decision");
		return ERR_CONFLICT;
	}
	*number = pg_int(pg, 0, 0);
	read_batch(pg, batch, receipt);
	if (spool_open_part(limits->folder, name_of(*number, name), false,
		&batch->spool, &why) == ERR_OK)
		return ERR_OK;
	answer_refuse(&batch->answer, 503, "not_ready",
	    "the kept bytes of the batch cannot be read");
	return ERR_IO;
}

/* Who let what in, or sent it back. */
static void
hold_note(struct pg *pg, const struct ingest_batch *batch, const char *action)
{
	struct buf detail = {0};
	struct json_out json = {.buf = &detail};

	json_open_object(&json, NULL);
	json_put_cstr(&json, "provider", batch->provider);
	json_put_int(&json, "item", batch->item);
	json_close_object(&json);
	action_note(
	    pg, batch->decided_by, action, batch->id, buf_span(&detail));
	buf_release(&detail);
}

void
hold_decide(struct pg *pg, int64_t number, const struct ingest_batch *batch,
    const char *action)
{
	hold_note(pg, batch, action);
	pg_exec(pg,
	    "UPDATE held_batch SET decided_at = $2, decided_by = $3"
	    " WHERE number = $1",
	    pg_arg_int(number), pg_arg_time(clock_now_us()),
	    pg_arg_text(span_of(batch->decided_by)));
}

enum err
hold_refuse(
    const struct hold_limits *limits, struct pg *pg, struct ingest_batch *batch)
{
	struct receipt receipt = {.provider = batch->provider,
	    .item = batch->item,
	    .id = batch->id,
	    .state = "refused"};
	struct buf *body = &batch->answer.body;
	int64_t number = 0;
	enum err err, ended;

	pg_begin(pg);
	err = hold_claim(limits, pg, batch, &receipt, &number);
	if (err == ERR_OK) {
		receipt_print(&receipt, body);
		receipt_keep(pg, &receipt, number, buf_span(body));
		hold_decide(pg, number, batch, "refuse");
	}
	ended = pg_end(pg, err == ERR_OK);
	if (err == ERR_OK && ended == ERR_OK)
		spool_forget(batch->spool);
	return ended != ERR_OK ? ended : err;
}

static void
print_batch(struct pg *pg, size_t row, struct json_out *json)
{
	char time[CLOCK_TEXT_MAX];

	json_open_object(json, NULL);
	json_put_text(json, "provider", pg_bytes(pg, row, 0));
	json_put_int(json, "item", pg_int(pg, row, 1));
	json_put_text(json, "batch", pg_bytes(pg, row, 2));
	json_put_text(json, "mode", pg_bytes(pg, row, 3));
	json_put_text(json, "divisions", pg_bytes(pg, row, 4));
	json_put_text(json, "reason", pg_bytes(pg, row, 5));
	json_put_int(json, "share", pg_int(pg, row, 6));
	json_put_int(json, "rows", pg_int(pg, row, 7));
	json_put_int(json, "rejected", pg_int(pg, row, 8));
	json_put_int(json, "withdrawn", pg_int(pg, row, 9));
	json_put_cstr(
	    json, "received", clock_print(pg_time(pg, row, 10), time));
	json_close_object(json);
}

enum err
hold_print(struct pg *pg, const char *provider, struct buf *out)
{
	struct json_out json = {.buf = out};
	size_t i;

	pg_exec(pg,
	    "SELECT b.provider, b.item, b.id, b.mode, h.divisions, h.reason,"
	    " h.share, b.rows, b.rejected, b.withdrawn, b.received_at"
	    " FROM feed_batch b JOIN held_batch h ON h.number = b.number"
	    " WHERE b.state = 'held' AND ($1 = '' OR b.provider = $1)"
	    " ORDER BY b.number LIMIT $2",
	    pg_arg_text(span_of(provider)), pg_arg_int(LISTED_MAX));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	json_open_object(&json, NULL);
	json_open_array(&json, "batches");
	for (i = 0; i < pg_rows(pg); i++)
		print_batch(pg, i, &json);
	json_close_array(&json);
	json_close_object(&json);
	return ERR_OK;
}

static bool
waits(struct pg *pg, const char *number)
{
	pg_exec(pg,
	    "SELECT FROM feed_batch WHERE number = $1 AND state = 'held'",
	    pg_arg_int(strtoll(number, NULL, 10)));
	return pg_rows(pg) > 0 || pg_has_failed(pg);
}

enum err
hold_clean(const char *folder, struct pg *pg, struct why *why)
{
	enum err err = file_make_folder(folder, 0700, why);
	struct dirent *entry;
	DIR *dir;

	if (err != ERR_OK)
		return err;
	dir = opendir(folder);
	if (dir == NULL)
		return why_set(why, ERR_IO, "%s: cannot be read", folder);
	pg_begin(pg);
	while ((entry = readdir(dir)) != NULL)
		if (strncmp(entry->d_name, "part-", 5) == 0 &&
		    !waits(pg, entry->d_name + 5))
			unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	err = pg_end(pg, true);
	return err == ERR_OK ? ERR_OK : why_set(why, err, "%s", pg_why(pg));
}
