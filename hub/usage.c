/*
 * usage: what nodes tell of their trails, counted once and witnessed.
 */
#include "hub/usage.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/log.h"
#include "base/metric.h"
#include "credit/merkle.h"
#include "credit/note.h"

#define HOUR_US (3600 * CLOCK_SECOND)

/* How far one node's trail is counted. */
struct told {
	struct merkle tree; /* its size is what is next */
	uint64_t checked;
	bool forked;
};

static int64_t
hour_of(int64_t time_us)
{
	return time_us - time_us % HOUR_US;
}

static enum err
read_told(struct pg *pg, const char *code, struct told *told)
{
	struct span edge;

	*told = (struct told){0};
	pg_exec(pg,
	    "SELECT next, edge, checked, forked_at IS NOT NULL"
	    " FROM node_trail WHERE code = $1",
	    pg_arg_text(span_of(code)));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (pg_rows(pg) == 0)
		return ERR_OK;
	edge = pg_bytes(pg, 0, 1);
	if (edge.len % DIGEST_LEN != 0 || edge.len > sizeof(told->tree.edge))
		return ERR_DATABASE;
	told->tree.size = (uint64_t)pg_int(pg, 0, 0);
	told->tree.edge_count = (unsigned)(edge.len / DIGEST_LEN);
	memcpy(told->tree.edge, edge.ptr, edge.len);
	told->checked = (uint64_t)pg_int(pg, 0, 2);
	told->forked = pg_int(pg, 0, 3) != 0;
	return ERR_OK;
}

static void
keep_told(struct pg *pg, const char *code, const struct told *told)
{
	pg_exec(pg,
	    "INSERT INTO node_trail (code, next, edge, checked, reported_at,"
	    " forked_at) VALUES ($1, $2, $3, $4, $5,"
	    " CASE WHEN $6 = 1 THEN $5::timestamptz END)"
	    " ON CONFLICT (code) DO UPDATE SET next = excluded.next,"
	    " edge = excluded.edge, checked = excluded.checked,"
	    " reported_at = excluded.reported_at, forked_at ="
	    " COALESCE(node_trail.forked_at, excluded.forked_at)",
	    pg_arg_text(span_of(code)), pg_arg_int((int64_t)told->tree.size),
	    pg_arg_bytes(
		span_make(told->tree.edge, told->tree.edge_count * DIGEST_LEN)),
	    pg_arg_int((int64_t)told->checked), pg_arg_time(clock_now_us()),
	    pg_arg_int(told->forked));
}

static void
print_row(const struct usage_row *row, struct json_out *json)
{
	size_t i;

	json_open_object(json, NULL);
	json_put_int(json, "h", hour_of(row->time_us) / CLOCK_SECOND);
	json_put_text(json, "m", row->member);
	json_put_text(json, "a", row->action);
	json_put_int(json, "p", row->purpose);
	json_put_int(json, "r", row->rule != PERMIT_ALLOWED);
	json_open_array(json, "i");
	json_put_int(json, NULL, 0);
	for (i = 0; i < row->item_count; i++)
		json_put_int(json, NULL, row->items[i]);
	json_close_array(json);
	json_close_object(json);
}

/* Grouped by the database: one statement for all of them. */
static void
count_rows(
    struct pg *pg, const char *code, const struct usage_row *rows, size_t count)
{
	struct buf text = {0};
	struct json_out json = {.buf = &text};
	size_t i;

	json_open_array(&json, NULL);
	for (i = 0; i < count; i++)
		print_row(&rows[i], &json);
	json_close_array(&json);
	pg_exec(pg,
	    "INSERT INTO usage_hourly SELECT $1, to_timestamp(h), m, a, p,"
	    " item::integer, count(*), sum(CASE WHEN item = '0' THEN r ELSE 0"
	    " END) FROM json_to_recordset($2::json) AS x(h bigint, m text,"
	    " a text, p smallint, r bigint, i json),"
	    " json_array_elements_text(i) AS y(item)"
	    " GROUP BY h, m, a, p, item ORDER BY h, m, a, p, item"
	    " ON CONFLICT (node, hour, member, action, purpose, item)"
	    " DO UPDATE SET questions = usage_hourly.questions"
	    " + excluded.questions,"
	    " refused = usage_hourly.refused + excluded.refused",
	    pg_arg_text(span_of(code)), pg_arg_text(buf_span(&text)));
	metric_add(metric_counter("rongxin_hub_usage_entries_total", "",
		       "Entries of the nodes' trails that were counted."),
	    (int64_t)count);
	buf_release(&text);
}

/* The newest of an hour stays: enough to hold the node to, and bounded. */
static void
keep_checkpoint(struct pg *pg, const char *code, struct span note,
    const struct checkpoint *checkpoint)
{
	int64_t now_us = clock_now_us();

	pg_exec(pg,
	    "INSERT INTO node_checkpoint (code, hour, size, root, note,"
	    " received_at) VALUES ($1, $2, $3, $4, $5, $6)"
	    " ON CONFLICT (code, hour) DO UPDATE SET size = excluded.size,"
	    " root = excluded.root, note = excluded.note,"
	    " received_at = excluded.received_at"
	    " WHERE node_checkpoint.size < excluded.size",
	    pg_arg_text(span_of(code)), pg_arg_time(hour_of(now_us)),
	    pg_arg_int((int64_t)checkpoint->size),
	    pg_arg_bytes(span_make(checkpoint->root.bytes, DIGEST_LEN)),
	    pg_arg_bytes(note), pg_arg_time(now_us));
}

/* Signed by this node, and about its trail? */
static enum err
read_checkpoint(const struct member *origin, struct span note,
    struct checkpoint *checkpoint, struct why *why)
{
	char expected[NOTE_ORIGIN_MAX + 1];
	struct buf raw = {0};
	enum err err = ERR_INVALID;

	note_trail_origin(origin->code, expected);
	if (codec_parse_hex(span_of(origin->trail_key), &raw) && raw.len == 32)
		err = note_check(
		    note, (const uint8_t *)raw.data, checkpoint, why);
	if (err == ERR_OK && strcmp(checkpoint->origin, expected) != 0)
		err = ERR_INVALID;
	buf_release(&raw);
	return err;
}

/* A checkpoint of just as many leaves as were told proves them, or shows that
 * the trail was rewritten.  One of fewer may have been overtaken. */
static void
witness(struct pg *pg, const struct member *origin, struct span note,
    struct told *told)
{
	struct checkpoint checkpoint;
	struct why why = {""};
	struct digest root;

	if (note.len == 0)
		return;
	if (read_checkpoint(origin, note, &checkpoint, &why) != ERR_OK) {
		log_warn("usage.checkpoint", "node=%s why=\"%s\"", origin->code,
		    why.text);
		return;
	}
	keep_checkpoint(pg, origin->code, note, &checkpoint);
	if (checkpoint.size != told->tree.size)
		return;
	root = merkle_root(&told->tree);
	if (digest_equal(&root, &checkpoint.root)) {
		told->checked = checkpoint.size;
	} else if (!told->forked) {
		told->forked = true;
		log_error("usage.forked", "node=%s size=%llu", origin->code,
		    (unsigned long long)checkpoint.size);
	}
}

enum err
usage_take(struct pg *pg, const struct member *origin,
    const struct upward *upward, uint64_t *next, struct why *why)
{
	const struct usage_row *rows = upward->rows;
	size_t count = upward->row_count, i;
	struct told told;
	enum err err = read_told(pg, origin->code, &told);
	uint64_t seen;

	if (err != ERR_OK)
		return why_set(why, err, "usage: %s", pg_why(pg));
	seen =
	    told.tree.size > upward->first ? told.tree.size - upward->first : 0;
	if (seen > count)
		seen = count;
	rows += seen;
	count -= seen;
	if (upward->first > told.tree.size)
		count = 0;
	for (i = 0; i < count; i++)
		merkle_add(&told.tree, &rows[i].leaf);
	if (count > 0)
		count_rows(pg, origin->code, rows, count);
	witness(pg, origin, upward->checkpoint, &told);
	keep_told(pg, origin->code, &told);
	*next = told.tree.size;
	return pg_has_failed(pg) ? ERR_DATABASE : ERR_OK;
}

static void
print_count(struct pg *pg, size_t row, struct json_out *json)
{
	char time[CLOCK_TEXT_MAX];

	json_open_object(json, NULL);
	json_put_text(json, "node", pg_bytes(pg, row, 0));
	json_put_cstr(json, "hour", clock_print(pg_time(pg, row, 1), time));
	json_put_text(json, "member", pg_bytes(pg, row, 2));
	json_put_text(json, "action", pg_bytes(pg, row, 3));
	json_put_cstr(
	    json, "purpose", purpose_name((enum purpose)pg_int(pg, row, 4)));
	json_put_int(json, "item", pg_int(pg, row, 5));
	json_put_int(json, "questions", pg_int(pg, row, 6));
	json_put_int(json, "refused", pg_int(pg, row, 7));
	json_close_object(json);
}

enum err
usage_print(
    struct pg *pg, const struct usage_question *question, struct buf *out)
{
	struct json_out json = {.buf = out};
	size_t rows, i;

	pg_exec(pg,
	    "SELECT node, hour, member, action, purpose, item, questions,"
	    " refused FROM usage_hourly WHERE ($1 = '' OR node = $1)"
	    " AND ($2 = '' OR member = $2) AND ($3 = 0 OR item = $3)"
	    " AND hour >= ($4 || ' 00:00+08')::timestamptz"
	    " AND hour < ($5 || ' 00:00+08')::timestamptz + interval '1 day'"
	    " ORDER BY hour, node, member, action, purpose, item"
	    " OFFSET $6 LIMIT $7",
	    pg_arg_text(span_of(question->node)),
	    pg_arg_text(span_of(question->member)), pg_arg_int(question->item),
	    pg_arg_text(span_of(question->from)),
	    pg_arg_text(span_of(question->to)), pg_arg_int(question->after),
	    pg_arg_int(question->limit + 1));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	rows = pg_rows(pg);
	json_open_object(&json, NULL);
	json_open_array(&json, "usage");
	for (i = 0; i < rows && i < (size_t)question->limit; i++)
		print_count(pg, i, &json);
	json_close_array(&json);
	if (rows > (size_t)question->limit)
		json_put_int(&json, "next", question->after + question->limit);
	json_close_object(&json);
	return ERR_OK;
}
