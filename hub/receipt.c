/*
 * receipt: what a department is told about its batch, kept for good.
 */
#include "hub/receipt.h"

#include "base/clock.h"
#include "base/json.h"

bool
receipt_id_is_valid(const char *id)
{
	size_t i;

	for (i = 0; id[i] != '\0'; i++)
		if (id[i] <= ' ' || id[i] > '~' || i >= RECEIPT_ID_MAX)
			return false;
	return i > 0;
}

static const char *
state_of(const struct receipt *receipt)
{
	return receipt->state != NULL ? receipt->state : "committed";
}

static void
print_circumstances(const struct receipt *receipt, struct json_out *json)
{
	if (receipt->full) {
		json_put_cstr(json, "mode", "full");
		json_put_int(json, "withdrawn", (int64_t)receipt->withdrawn);
	}
	if (receipt->held != NULL) {
		json_put_cstr(json, "reason", receipt->held);
		json_put_int(json, "share", (int64_t)receipt->share);
	}
}

bool
receipt_is_whole(const struct receipt *receipt)
{
	return receipt->rows ==
	       receipt->accepted + receipt->unchanged + receipt->rejected;
}

void
receipt_print(const struct receipt *receipt, struct buf *out)
{
	struct json_out json = {.buf = out};
	size_t i;

	json_open_object(&json, NULL);
	json_put_cstr(&json, "batch", receipt->id);
	json_put_int(&json, "item", receipt->item);
	json_put_cstr(&json, "state", state_of(receipt));
	json_put_int(&json, "rows", (int64_t)receipt->rows);
	json_put_int(&json, "accepted", (int64_t)receipt->accepted);
	json_put_int(&json, "unchanged", (int64_t)receipt->unchanged);
	json_put_int(&json, "rejected", (int64_t)receipt->rejected);
	json_put_int(&json, "warned", (int64_t)receipt->warned);
	json_open_array(&json, "streams");
	for (i = 0; i < receipt->range_count; i++) {
		const struct changelog_range *range = &receipt->ranges[i];

		json_open_object(&json, NULL);
		json_put_cstr(&json, "stream", range->stream);
		json_put_int(&json, "first", (int64_t)range->first);
		json_put_int(&json, "last", (int64_t)range->last);
		json_close_object(&json);
	}
	json_close_array(&json);
	print_circumstances(receipt, &json);
	json_close_object(&json);
}

enum err
receipt_claim(struct pg *pg, const struct receipt *receipt, struct buf *out)
{
	struct pg_arg provider = pg_arg_text(span_of(receipt->provider));
	struct pg_arg item = pg_arg_int(receipt->item);
	struct pg_arg id = pg_arg_text(span_of(receipt->id));
	struct span digest, text;

	pg_exec(pg,
	    "SELECT pg_advisory_xact_lock(hashtextextended("
	    "concat_ws(' ', $1, $2, $3), 0))",
	    provider, item, id);
	pg_exec(pg,
	    "SELECT digest, receipt::text FROM feed_batch"
	    " WHERE provider = $1 AND item = $2 AND id = $3",
	    provider, item, id);
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (pg_rows(pg) == 0)
		return ERR_MISSING;
	digest = pg_bytes(pg, 0, 0);
	if (!span_equal(digest, span_make(receipt->digest.bytes, DIGEST_LEN)))
		return ERR_CONFLICT;
	text = pg_bytes(pg, 0, 1);
	buf_add(out, text.ptr, text.len);
	return ERR_SEEN;
}

uint64_t
receipt_count_warned(struct pg *pg, int64_t number)
{
	pg_exec(pg,
	    "SELECT count(*) FROM (SELECT line FROM finding WHERE batch = $1"
	    " GROUP BY line HAVING bool_and(severity = 'warn')) x",
	    pg_arg_int(number));
	return pg_rows(pg) == 1 ? (uint64_t)pg_int(pg, 0, 0) : 0;
}

void
receipt_keep(struct pg *pg, const struct receipt *receipt, int64_t number,
    struct span text)
{
	pg_exec(pg,
	    "INSERT INTO feed_batch (number, provider, item, id, digest, size,"
	    " state, rows, accepted, unchanged, rejected, warned, receipt,"
	    " received_at, committed_at, mode, withdrawn)"
	    " OVERRIDING SYSTEM VALUE"
	    " VALUES ($1, $2, $3, $4, $5, $6, $15, $7, $8, $9, $10,"
	    " $11, $12::json, $13, $14, $16, $17)"
	    " ON CONFLICT (provider, item, id) DO UPDATE SET"
	    " state = excluded.state, rows = excluded.rows,"
	    " accepted = excluded.accepted, unchanged = excluded.unchanged,"
	    " rejected = excluded.rejected, warned = excluded.warned,"
	    " withdrawn = excluded.withdrawn, receipt = excluded.receipt,"
	    " committed_at = excluded.committed_at",
	    pg_arg_int(number), pg_arg_text(span_of(receipt->provider)),
	    pg_arg_int(receipt->item), pg_arg_text(span_of(receipt->id)),
	    pg_arg_bytes(span_make(receipt->digest.bytes, DIGEST_LEN)),
	    pg_arg_int((int64_t)receipt->size),
	    pg_arg_int((int64_t)receipt->rows),
	    pg_arg_int((int64_t)receipt->accepted),
	    pg_arg_int((int64_t)receipt->unchanged),
	    pg_arg_int((int64_t)receipt->rejected),
	    pg_arg_int((int64_t)receipt->warned), pg_arg_text(text),
	    pg_arg_time(receipt->received_us), pg_arg_time(clock_now_us()),
	    pg_arg_text(span_of(state_of(receipt))),
	    pg_arg_text(span_of(receipt->full ? "full" : "delta")),
	    pg_arg_int((int64_t)receipt->withdrawn));
}

enum err
receipt_read(struct pg *pg, const char *provider, uint32_t item, const char *id,
    struct buf *out)
{
	struct span text;

	pg_exec(pg,
	    "SELECT receipt::text FROM feed_batch WHERE item = $1 AND id = $2"
	    " AND ($3 = '' OR provider = $3) ORDER BY number DESC LIMIT 1",
	    pg_arg_int(item), pg_arg_text(span_of(id)),
	    pg_arg_text(span_of(provider)));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (pg_rows(pg) == 0)
		return ERR_MISSING;
	text = pg_bytes(pg, 0, 0);
	buf_add(out, text.ptr, text.len);
	return ERR_OK;
}

static const char list_sql[] =
    "SELECT b.number, b.item, b.id, b.mode, b.state, b.rows, b.accepted,"
    " b.unchanged, b.rejected, b.warned, b.withdrawn, (SELECT count(*)"
    " FROM finding_row r WHERE r.batch = b.number AND r.closed_by IS NULL),"
    " b.received_at FROM feed_batch b WHERE b.provider = $1"
    " AND ($2 = 0 OR b.item = $2) AND ($3 = 0 OR b.number < $3)"
    " ORDER BY b.number DESC LIMIT $4";

static void
put_listed(const struct pg *pg, size_t row, struct json_out *json)
{
	static const char *const counts[] = {"rows", "accepted", "unchanged",
	    "rejected", "warned", "withdrawn", "open_rows"};
	char time[CLOCK_TEXT_MAX];
	size_t i;

	json_open_object(json, NULL);
	json_put_int(json, "number", pg_int(pg, row, 0));
	json_put_int(json, "item", pg_int(pg, row, 1));
	json_put_text(json, "batch", pg_bytes(pg, row, 2));
	json_put_text(json, "mode", pg_bytes(pg, row, 3));
	json_put_text(json, "state", pg_bytes(pg, row, 4));
	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		json_put_int(json, counts[i], pg_int(pg, row, (int)i + 5));
	json_put_cstr(
	    json, "received", clock_print(pg_time(pg, row, 12), time));
	json_close_object(json);
}

enum err
receipt_list(
    struct pg *pg, const struct receipt_question *question, struct buf *out)
{
	struct json_out json = {.buf = out};
	size_t rows, i;

	pg_exec(pg, list_sql, pg_arg_text(span_of(question->provider)),
	    pg_arg_int(question->item), pg_arg_int(question->after),
	    pg_arg_int(question->limit));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	rows = pg_rows(pg);
	json_open_object(&json, NULL);
	json_open_array(&json, "batches");
	for (i = 0; i < rows; i++)
		put_listed(pg, i, &json);
	json_close_array(&json);
	if (rows < (size_t)question->limit)
		json_put_null(&json, "next");
	else
		json_put_int(&json, "next", pg_int(pg, rows - 1, 0));
	json_close_object(&json);
	return ERR_OK;
}
