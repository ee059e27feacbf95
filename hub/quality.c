/*
 * quality: what departments hand in, counted while it is merged.
 *
 * Rows are locked in the order of their keys, and only at a transaction's
 * end: batches of one provider and item wait for each other's commit, no
 * more.
 */
#include "hub/quality.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "hub/ledger_inner.h"

#define DAY_OFFSET (8 * 3600 * CLOCK_SECOND)

struct quality {
	uint64_t rows;                        /* staged, not withdrawing */
	uint64_t present[CATALOG_FIELDS_MAX]; /* by field index */
};

/* `taken`: rows that reached the merge; their rejected ones are duplicates,
 * the other rejected rows never got there. */
static const char daily_sql[] =
    "INSERT INTO quality_daily AS q (provider, item, division, day, batches,"
    " rows, accepted, unchanged, rejected, warned, duplicates, conflicts,"
    " lag_event_rows, lag_event_seconds, lag_commit_ms)"
    " SELECT $1, $2, x.division, $3::date, 1,"
    " sum(taken + rejected - duplicates), sum(accepted),"
    " sum(taken - accepted - duplicates), sum(rejected), sum(warned),"
    " sum(duplicates), sum(conflicts), sum(dated), sum(seconds), $6"
    " FROM (SELECT stream AS division, count(*) AS taken, 0 AS accepted,"
    " 0 AS rejected, 0 AS warned, 0 AS duplicates, 0 AS conflicts,"
    " count(stated) AS dated, COALESCE(sum(floor(extract(epoch FROM"
    " $7 - stated))), 0)::bigint AS seconds"
    " FROM pick WHERE line < $5 GROUP BY stream"
    " UNION ALL SELECT p.stream, count(*), 0, 0, 0, 0, 0, 0, 0"
    " FROM stage s JOIN pick p ON p.item = s.item AND p.subject = s.subject"
    " AND p.key = s.key AND p.line < $5"
    " WHERE $8 <> 0 AND s.line <> p.line GROUP BY p.stream"
    " UNION ALL SELECT stream, 0, count(*), 0, 0, 0, 0, 0, 0"
    " FROM change WHERE line < $5 GROUP BY stream"
    " UNION ALL SELECT stream, 0, 0, count(*) FILTER (WHERE rejected),"
    " count(*) FILTER (WHERE NOT rejected), 0, 0, 0, 0"
    " FROM finding_row WHERE batch = $4 GROUP BY stream"
    " UNION ALL SELECT r.stream, 0, 0, 0, 0,"
    " count(*) FILTER (WHERE f.rule = 'duplicate_key'),"
    " count(*) FILTER (WHERE f.rule = 'provider_conflict'), 0, 0"
    " FROM finding f JOIN finding_row r ON r.batch = f.batch"
    " AND r.line = f.line WHERE f.batch = $4"
    " AND f.rule IN ('duplicate_key', 'provider_conflict') GROUP BY r.stream) x"
    " GROUP BY x.division ORDER BY x.division"
    " ON CONFLICT (provider, item, division, day) DO UPDATE SET"
    " batches = q.batches + 1, rows = q.rows + excluded.rows,"
    " accepted = q.accepted + excluded.accepted,"
    " unchanged = q.unchanged + excluded.unchanged,"
    " rejected = q.rejected + excluded.rejected,"
    " warned = q.warned + excluded.warned,"
    " duplicates = q.duplicates + excluded.duplicates,"
    " conflicts = q.conflicts + excluded.conflicts,"
    " lag_event_rows = q.lag_event_rows + excluded.lag_event_rows,"
    " lag_event_seconds = q.lag_event_seconds + excluded.lag_event_seconds,"
    " lag_commit_ms = q.lag_commit_ms + excluded.lag_commit_ms";

static const char rules_sql[] =
    "INSERT INTO quality_rule_daily AS q (provider, item, day, rule, severity,"
    " count) SELECT $1, $2, $3::date, rule, severity, count(*) FROM finding"
    " WHERE batch = $4 GROUP BY rule, severity ORDER BY rule, severity"
    " ON CONFLICT (provider, item, day, rule, severity) DO UPDATE SET"
    " count = q.count + excluded.count";

static const char fields_head_sql[] =
    "INSERT INTO quality_field_daily AS q (provider, item, day, field, rows,"
    " present) SELECT $1, $2, $3::date, x.* FROM (VALUES ";

static const char fields_tail_sql[] =
    ") x (field, rows, present) ORDER BY x.field"
    " ON CONFLICT (provider, item, day, field) DO UPDATE SET"
    " rows = q.rows + excluded.rows, present = q.present + excluded.present";

const char *
quality_day(int64_t time_us, char out[11])
{
	char text[CLOCK_TEXT_MAX];

	clock_print(time_us + DAY_OFFSET, text);
	memcpy(out, text, 10);
	out[10] = '\0';
	return out;
}

struct quality *
quality_new(void)
{
	return mem_new(sizeof(struct quality));
}

void
quality_free(struct quality *quality)
{
	mem_free(quality);
}

void
quality_begin(struct quality *quality)
{
	*quality = (struct quality){0};
}

void
quality_take(struct quality *quality, const struct feed_row *row)
{
	uint64_t present = row->present;
	size_t i;

	if (!row->accepted || row->withdrawn)
		return;
	quality->rows++;
	for (i = 0; present != 0; i++, present >>= 1)
		quality->present[i] += present & 1;
}

/* The catalogue's field names are a-z, 0-9, _ and -. */
static void
write_fields(const struct quality *quality, const struct findings_batch *batch,
    const char *day)
{
	const struct item *item = batch->item;
	struct buf sql = {0};
	size_t i;

	buf_text(&sql, fields_head_sql);
	for (i = 0; i < item->field_count; i++)
		buf_print(&sql,
		    "%s('%s'::text, %" PRIu64 "::bigint, %" PRIu64 "::bigint)",
		    i > 0 ? ", " : "", item->fields[i].name, quality->rows,
		    quality->present[i]);
	buf_text(&sql, fields_tail_sql);
	pg_exec(batch->pg, buf_cstr(&sql),
	    pg_arg_text(span_of(batch->provider)), pg_arg_int(item->number),
	    pg_arg_text(span_of(day)));
	buf_release(&sql);
}

/* Rows that share their key with a later one. */
static int64_t
count_surplus(struct pg *pg)
{
	pg_exec(pg,
	    "SELECT (SELECT count(*) FROM stage)"
	    " - (SELECT count(*) FROM pick WHERE line < $1)",
	    pg_arg_int(LEDGER_EXTRA_LINE));
	return pg_rows(pg) == 1 ? pg_int(pg, 0, 0) : 0;
}

void
quality_write(struct quality *quality, const struct findings_batch *batch,
    int64_t received_us)
{
	struct pg *pg = batch->pg;
	struct pg_arg provider = pg_arg_text(span_of(batch->provider));
	struct pg_arg item = pg_arg_int(batch->item->number);
	int64_t surplus = count_surplus(pg);
	char text[11];
	struct pg_arg day =
	    pg_arg_text(span_of(quality_day(received_us, text)));

	pg_exec(pg, daily_sql, provider, item, day, pg_arg_int(batch->number),
	    pg_arg_int(LEDGER_EXTRA_LINE),
	    pg_arg_int((clock_now_us() - received_us) / 1000),
	    pg_arg_time(received_us), pg_arg_int(surplus));
	pg_exec(pg, rules_sql, provider, item, day, pg_arg_int(batch->number));
	if (quality->rows > 0)
		write_fields(quality, batch, text);
}

static void
put_day(const struct pg *pg, size_t row, struct json_out *json)
{
	static const char *const counts[] = {"batches", "rows", "accepted",
	    "unchanged", "rejected", "warned", "duplicates", "conflicts",
	    "lag_event_rows", "lag_event_seconds", "lag_commit_ms"};
	size_t i;

	json_put_text(json, "division", pg_bytes(pg, row, 3));
	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		json_put_int(json, counts[i], pg_int(pg, row, (int)i + 4));
}

static void
put_rule(const struct pg *pg, size_t row, struct json_out *json)
{
	json_put_text(json, "rule", pg_bytes(pg, row, 3));
	json_put_text(json, "severity", pg_bytes(pg, row, 4));
	json_put_int(json, "count", pg_int(pg, row, 5));
}

static void
put_field(const struct pg *pg, size_t row, struct json_out *json)
{
	json_put_text(json, "field", pg_bytes(pg, row, 3));
	json_put_int(json, "rows", pg_int(pg, row, 4));
	json_put_int(json, "present", pg_int(pg, row, 5));
}

static void
put_due(const struct pg *pg, size_t row, struct json_out *json)
{
	static const char *const days[] = {"first_day", "last_day", "due_day"};
	int i;

	json_put_text(json, "cadence", pg_bytes(pg, row, 3));
	for (i = 0; i < 3; i++) {
		if (pg_is_null(pg, row, 4 + i))
			json_put_null(json, days[i]);
		else
			json_put_text(json, days[i], pg_bytes(pg, row, 4 + i));
	}
	json_put_int(json, "periods_due", pg_int(pg, row, 7));
	json_put_int(json, "periods_received", pg_int(pg, row, 8));
	json_put_bool(json, "late", pg_int(pg, row, 9) != 0);
}

/* Columns 0 to 2 are provider, item and day ("" for none). */
static void
print_rows(const struct pg *pg, const char *name, struct json_out *json,
    void (*put)(const struct pg *pg, size_t row, struct json_out *json))
{
	size_t i;

	json_open_array(json, name);
	for (i = 0; i < pg_rows(pg); i++) {
		json_open_object(json, NULL);
		json_put_text(json, "provider", pg_bytes(pg, i, 0));
		json_put_int(json, "item", pg_int(pg, i, 1));
		if (pg_bytes(pg, i, 2).len > 0)
			json_put_text(json, "day", pg_bytes(pg, i, 2));
		put(pg, i, json);
		json_close_object(json);
	}
	json_close_array(json);
}

#define WHOSE                                                                  \
	" WHERE ($1 = '' OR provider = $1) AND ($2 = 0 OR item = $2)"          \
	" AND day BETWEEN $3::date AND $4::date"
#define ROWS_MAX "5000"

static void
print_days(struct pg *pg, const struct quality_question *question,
    const struct pg_arg args[6], struct json_out *json)
{
	pg_exec_args(pg,
	    "SELECT provider, item, day::text, division, batches, rows,"
	    " accepted, unchanged, rejected, warned, duplicates, conflicts,"
	    " lag_event_rows, lag_event_seconds, lag_commit_ms"
	    " FROM quality_daily" WHOSE
	    " ORDER BY day, provider, item, division OFFSET $5 LIMIT $6",
	    args, 6);
	print_rows(pg, "days", json, put_day);
	if (pg_rows(pg) < (size_t)question->limit)
		json_put_null(json, "next");
	else
		json_put_int(json, "next", question->after + question->limit);
}

static void
print_due(struct pg *pg, const struct quality_question *question,
    struct json_out *json)
{
	char today[11];

	pg_exec(pg,
	    "SELECT provider, item, '', cadence, first_day::text,"
	    " last_day::text, due_day::text, periods_due, periods_received,"
	    " late FROM quality_due($3::date)"
	    " WHERE ($1 = '' OR provider = $1) AND ($2 = 0 OR item = $2)"
	    " ORDER BY provider, item LIMIT " ROWS_MAX,
	    pg_arg_text(span_of(question->provider)),
	    pg_arg_int(question->item),
	    pg_arg_text(span_of(quality_day(clock_now_us(), today))));
	print_rows(pg, "due", json, put_due);
}

enum err
quality_print(
    struct pg *pg, const struct quality_question *question, struct buf *out)
{
	struct json_out json = {.buf = out};
	const struct pg_arg args[6] = {pg_arg_text(span_of(question->provider)),
	    pg_arg_int(question->item), pg_arg_text(span_of(question->from)),
	    pg_arg_text(span_of(question->to)), pg_arg_int(question->after),
	    pg_arg_int(question->limit)};

	json_open_object(&json, NULL);
	print_days(pg, question, args, &json);
	pg_exec_args(pg,
	    "SELECT provider, item, '', rule, severity, sum(count)::bigint"
	    " FROM quality_rule_daily" WHOSE
	    " GROUP BY provider, item, rule, severity"
	    " ORDER BY provider, item, rule, severity LIMIT " ROWS_MAX,
	    args, 4);
	print_rows(pg, "rules", &json, put_rule);
	pg_exec_args(pg,
	    "SELECT provider, item, '', field, sum(rows)::bigint,"
	    " sum(present)::bigint FROM quality_field_daily" WHOSE
	    " GROUP BY provider, item, field"
	    " ORDER BY provider, item, field LIMIT " ROWS_MAX,
	    args, 4);
	print_rows(pg, "fields", &json, put_field);
	print_due(pg, question, &json);
	json_close_object(&json);
	return pg_has_failed(pg) ? ERR_DATABASE : ERR_OK;
}
