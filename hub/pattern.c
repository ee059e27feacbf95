/*
 * pattern: patterns of abuse that nodes saw, kept for operators.
 */
#include "hub/pattern.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/metric.h"

static void
print_row(const struct abuse_alert *alert, struct json_out *json)
{
	char time[CLOCK_TEXT_MAX];

	json_open_object(json, NULL);
	json_put_cstr(json, "m", alert->member);
	json_put_cstr(json, "k", abuse_name(alert->kind));
	json_put_cstr(json, "f", clock_print(alert->first_us, time));
	json_put_cstr(json, "l", clock_print(alert->last_us, time));
	json_put_int(json, "c", alert->count);
	json_close_object(json);
}

/* Kinds that only a newer hub knows are left out. */
static void
print_rows(const struct upward *upward, struct buf *text)
{
	struct json_out json = {.buf = text};
	size_t i;

	json_open_array(&json, NULL);
	for (i = 0; i < upward->alert_count; i++)
		if (upward->alerts[i].kind < ABUSE_COUNT)
			print_row(&upward->alerts[i], &json);
	json_close_array(&json);
}

static void
tell_new(struct pg *pg, const struct member *origin)
{
	size_t i;

	for (i = 0; i < pg_rows(pg); i++) {
		if (pg_int(pg, i, 1) == 0)
			continue;
		log_warn("pattern.new", "node=%s kind=%.*s", origin->code,
		    (int)pg_bytes(pg, i, 0).len, pg_bytes(pg, i, 0).ptr);
		metric_add(metric_counter("rongxin_hub_abuse_patterns_total",
			       "", "Patterns of abuse that nodes told of."),
		    1);
	}
}

enum err
pattern_take(struct pg *pg, const struct member *origin,
    const struct upward *upward, struct why *why)
{
	struct buf text = {0};

	print_rows(upward, &text);
	pg_exec(pg,
	    "INSERT INTO abuse_alert (node, member, kind, day, first_seen,"
	    " last_seen, count, received_at)"
	    " SELECT $1, m, k, (f AT TIME ZONE '+08')::date, min(f), max(l),"
	    " max(c), $3 FROM json_to_recordset($2::json) AS x(m text, k text,"
	    " f timestamptz, l timestamptz, c bigint)"
	    " GROUP BY m, k, (f AT TIME ZONE '+08')::date"
	    " ORDER BY 2, 3, 4"
	    " ON CONFLICT (node, member, kind, day) DO UPDATE SET"
	    " first_seen = least(abuse_alert.first_seen, excluded.first_seen),"
	    " last_seen = greatest(abuse_alert.last_seen, excluded.last_seen),"
	    " count = greatest(abuse_alert.count, excluded.count)"
	    " RETURNING kind, (xmax = 0)::int",
	    pg_arg_text(span_of(origin->code)), pg_arg_text(buf_span(&text)),
	    pg_arg_time(clock_now_us()));
	buf_release(&text);
	if (pg_has_failed(pg))
		return why_set(why, ERR_DATABASE, "alerts: %s", pg_why(pg));
	tell_new(pg, origin);
	return ERR_OK;
}

static void
print_alert(struct pg *pg, size_t row, struct json_out *json)
{
	char time[CLOCK_TEXT_MAX];

	json_open_object(json, NULL);
	json_put_text(json, "node", pg_bytes(pg, row, 0));
	json_put_text(json, "member", pg_bytes(pg, row, 1));
	json_put_text(json, "kind", pg_bytes(pg, row, 2));
	json_put_text(json, "day", pg_bytes(pg, row, 3));
	json_put_cstr(
	    json, "first_seen", clock_print(pg_time(pg, row, 4), time));
	json_put_cstr(
	    json, "last_seen", clock_print(pg_time(pg, row, 5), time));
	json_put_int(json, "count", pg_int(pg, row, 6));
	json_put_cstr(json, "received", clock_print(pg_time(pg, row, 7), time));
	json_close_object(json);
}

enum err
pattern_print(
    struct pg *pg, const struct pattern_question *question, struct buf *out)
{
	const char *kind =
	    question->kind != ABUSE_NONE ? abuse_name(question->kind) : "";
	struct json_out json = {.buf = out};
	size_t i;

	pg_exec(pg,
	    "SELECT node, member, kind, day::text, first_seen, last_seen,"
	    " count, received_at FROM abuse_alert WHERE ($1 = '' OR node = $1)"
	    " AND ($2 = '' OR member = $2) AND ($3 = '' OR kind = $3)"
	    " AND day >= $4::date AND day <= $5::date"
	    " ORDER BY day DESC, node, member, kind OFFSET $6 LIMIT $7",
	    pg_arg_text(span_of(question->node)),
	    pg_arg_text(span_of(question->member)), pg_arg_text(span_of(kind)),
	    pg_arg_text(span_of(question->from)),
	    pg_arg_text(span_of(question->to)), pg_arg_int(question->after),
	    pg_arg_int(question->limit + 1));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	json_open_object(&json, NULL);
	json_open_array(&json, "patterns");
	for (i = 0; i < pg_rows(pg) && i < (size_t)question->limit; i++)
		print_alert(pg, i, &json);
	json_close_array(&json);
	if (pg_rows(pg) > (size_t)question->limit)
		json_put_int(&json, "next", question->after + question->limit);
	json_close_object(&json);
	return ERR_OK;
}
