/*
 * overview: how the network is doing, in a dozen figures.
 */
#include "hub/overview.h"

#include "base/clock.h"
#include "base/json.h"
#include "hub/quality.h"

/* A node tells its status every two seconds; who missed five is silent. */
#define SILENT_US (10 * CLOCK_SECOND)

static void
print_counts(struct pg *pg, const char *today, struct json_out *json)
{
	static const char *const names[] = {"records", "streams",
	    "batches_held", "rows_today", "changes_today", "rejected_today",
	    "questions_today", "refused_today"};
	size_t i;

	pg_exec(pg,
	    "SELECT * FROM (SELECT COALESCE(sum(records), 0)::bigint, count(*)"
	    " FROM stream_state WHERE stream <> '0000' AND position > 0) s,"
	    " (SELECT count(*) FROM feed_batch WHERE state = 'held') h,"
	    " (SELECT COALESCE(sum(rows), 0)::bigint,"
	    " COALESCE(sum(accepted), 0)::bigint,"
	    " COALESCE(sum(rejected), 0)::bigint"
	    " FROM quality_daily WHERE day = $1::date) q,"
	    " (SELECT COALESCE(sum(questions), 0)::bigint,"
	    " COALESCE(sum(refused), 0)::bigint FROM usage_hourly"
	    " WHERE item = 0 AND hour >= ($1 || ' 00:00+08')::timestamptz) u",
	    pg_arg_text(span_of(today)));
	if (pg_rows(pg) != 1)
		return;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		json_put_int(json, names[i], pg_int(pg, 0, (int)i));
}

/* Nodes are those on the member list, whether they ever spoke or not. */
static void
print_nodes(struct pg *pg, int64_t now_us, struct json_out *json)
{
	static const char *const names[] = {"nodes", "nodes_live",
	    "trails_wrong", "delay_p50_ms", "delay_p99_ms"};
	size_t i;

	pg_exec(pg,
	    "SELECT * FROM (SELECT count(*), count(*) FILTER (WHERE"
	    " s.received_at > $1), count(*) FILTER (WHERE t.forked_at IS NOT"
	    " NULL OR t.short_at IS NOT NULL)"
	    " FROM (SELECT (fields->>'document')::json AS m FROM record"
	    " WHERE stream = '0000' AND item = 60002 AND state <> 4 OFFSET 0) r"
	    " LEFT JOIN node_status s ON s.code = m->>'code'"
	    " LEFT JOIN node_trail t ON t.code = m->>'code'"
	    " WHERE m->>'kind' = 'platform' AND m->>'status' = 'active') n,"
	    " (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY d),"
	    " percentile_disc(0.99) WITHIN GROUP (ORDER BY d)"
	    " FROM node_status s, json_array_elements(s.streams) e,"
	    " LATERAL (SELECT (e->>'delay_ms')::bigint AS d) x"
	    " WHERE s.received_at > $1) p",
	    pg_arg_time(now_us - SILENT_US));
	if (pg_rows(pg) != 1)
		return;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (pg_is_null(pg, 0, (int)i))
			json_put_null(json, names[i]);
		else
			json_put_int(json, names[i], pg_int(pg, 0, (int)i));
	}
}

enum err
overview_print(struct pg *pg, struct buf *out)
{
	struct json_out json = {.buf = out};
	int64_t now_us = clock_now_us();
	char time[CLOCK_TEXT_MAX], today[11];

	json_open_object(&json, NULL);
	json_put_cstr(&json, "time", clock_print(now_us, time));
	json_put_cstr(&json, "day", quality_day(now_us, today));
	print_counts(pg, today, &json);
	print_nodes(pg, now_us, &json);
	json_close_object(&json);
	return pg_has_failed(pg) ? ERR_DATABASE : ERR_OK;
}
