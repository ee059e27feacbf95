/*
 * usage: what nodes tell of their trails, counted once and witnessed.
 */
#include "hub/usage.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/metric.h"

#define HOUR_US (3600 * CLOCK_SECOND)

static int64_t
hour_of(int64_t time_us)
{
	return time_us - time_us % HOUR_US;
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
	json_put_cstr(json, "u", permit_rule_name(row->rule));
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
	pg_exec(pg,
	    "INSERT INTO usage_refusal SELECT $1, to_timestamp(h), m, u,"
	    " count(*) FROM json_to_recordset($2::json) AS x(h bigint, m text,"
	    " r bigint, u text) WHERE r > 0 GROUP BY h, m, u ORDER BY h, m, u"
	    " ON CONFLICT (node, hour, member, rule) DO UPDATE SET questions ="
	    " usage_refusal.questions + excluded.questions",
	    pg_arg_text(span_of(code)), pg_arg_text(buf_span(&text)));
	metric_add(metric_counter("rongxin_hub_usage_entries_total", "",
		       "Entries of the nodes' trails that were counted."),
	    (int64_t)count);
	buf_release(&text);
}

enum err
usage_take(struct pg *pg, const struct member *origin,
    const struct upward *upward, struct counted *counted, struct why *why)
{
	const struct usage_row *rows = upward->rows;
	size_t count = upward->row_count, i;
	struct witness witness;
	enum err err = witness_read(pg, origin->code, &witness);
	uint64_t seen, next = witness.tree.size;

	if (err != ERR_OK)
		return why_set(why, err, "usage: %s", pg_why(pg));
	seen = next > upward->first ? next - upward->first : 0;
	if (seen > count)
		seen = count;
	rows += seen;
	count -= seen;
	if (upward->first > next)
		count = 0;
	for (i = 0; i < count; i++)
		merkle_add(&witness.tree, &rows[i].leaf);
	if (count > 0)
		count_rows(pg, origin->code, rows, count);
	witness_look(pg, origin, upward, &witness, counted);
	witness_keep(pg, origin->code, &witness);
	counted->next = witness.tree.size;
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

#define OF_ITEMS                                                               \
	" FROM usage_item_daily WHERE item = ANY (string_to_array($1,"         \
	" ',')::integer[]) AND day BETWEEN $2::date AND $3::date"

static void
print_items(const struct pg *pg, struct json_out *json)
{
	enum purpose purpose;
	size_t i;

	json_open_array(json, "items");
	for (i = 0; i < pg_rows(pg); i++) {
		purpose = (enum purpose)pg_int(pg, i, 1);
		json_open_object(json, NULL);
		json_put_int(json, "item", pg_int(pg, i, 0));
		json_put_cstr(json, "purpose", purpose_name(purpose));
		json_put_int(json, "questions", pg_int(pg, i, 2));
		json_close_object(json);
	}
	json_close_array(json);
}

static void
print_days(const struct pg *pg, struct json_out *json)
{
	size_t i;

	json_open_array(json, "days");
	for (i = 0; i < pg_rows(pg); i++) {
		json_open_object(json, NULL);
		json_put_text(json, "day", pg_bytes(pg, i, 0));
		json_put_int(json, "questions", pg_int(pg, i, 1));
		json_close_object(json);
	}
	json_close_array(json);
}

enum err
usage_print_own(struct pg *pg, const struct member *who, const char *from,
    const char *to, struct buf *out)
{
	struct json_out json = {.buf = out};
	struct buf items = {0};
	struct pg_arg args[3];
	size_t i;

	for (i = 0; i < who->item_count; i++)
		buf_print(&items, "%s%u", i > 0 ? "," : "", who->items[i]);
	args[0] = pg_arg_text(buf_span(&items));
	args[1] = pg_arg_text(span_of(from));
	args[2] = pg_arg_text(span_of(to));
	json_open_object(&json, NULL);
	pg_exec_args(pg,
	    "SELECT item, purpose, sum(questions)::bigint" OF_ITEMS
	    " GROUP BY item, purpose ORDER BY item, purpose",
	    args, 3);
	print_items(pg, &json);
	pg_exec_args(pg,
	    "SELECT day::text, sum(questions)::bigint" OF_ITEMS
	    " GROUP BY day ORDER BY day",
	    args, 3);
	print_days(pg, &json);
	json_close_object(&json);
	buf_release(&items);
	return pg_has_failed(pg) ? ERR_DATABASE : ERR_OK;
}
