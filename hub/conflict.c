/*
 * conflict: records about which providers disagree.
 */
#include "hub/conflict.h"

#include "base/clock.h"
#include "base/json.h"

#define IDENTITY "stream, item, subject, key"
#define SAME                                                                   \
	"s.stream = c.stream AND s.item = c.item AND s.subject = c.subject"    \
	" AND s.key = c.key"

/* A field differs when not every provider says the same of it; the sender's
 * own numbers do not count. */
static const char conflicts_sql[] =
    "WITH c AS (SELECT " IDENTITY ", min(since) AS since FROM statement s"
    " WHERE since IS NOT NULL AND state <> 4 AND ($2 = 0 OR item = $2)"
    " AND ($1 = '' OR EXISTS (SELECT FROM statement o"
    " WHERE o.stream = s.stream AND o.item = s.item"
    " AND o.subject = s.subject AND o.key = s.key"
    " AND o.provider = $1 AND o.state <> 4))"
    " GROUP BY " IDENTITY " ORDER BY min(since), " IDENTITY
    " OFFSET $3 LIMIT $4),"
    " said AS (SELECT s.*, count(*) OVER (PARTITION BY s.stream, s.item,"
    " s.subject, s.key) AS voices FROM c JOIN statement s ON " SAME
    " WHERE s.state <> 4),"
    " value AS (SELECT " IDENTITY ", voices, f.name, f.value"
    " FROM said, jsonb_each_text(fields - 'source_number')"
    " f(name, value)"
    " UNION ALL SELECT " IDENTITY ", voices, 'state', state::text FROM said),"
    " differing AS (SELECT " IDENTITY ", name FROM value"
    " GROUP BY " IDENTITY ", name"
    " HAVING count(DISTINCT value) > 1 OR count(*) < min(voices))"
    " SELECT c.stream, c.item, c.subject, c.key, c.since, r.provider,"
    " (SELECT json_agg(s.provider ORDER BY s.provider)::text FROM said s"
    " WHERE " SAME "), (SELECT json_agg(s.name ORDER BY s.name)::text"
    " FROM differing s WHERE " SAME ") FROM c JOIN record r"
    " ON r.stream = c.stream AND r.item = c.item AND r.subject = c.subject"
    " AND r.key = c.key ORDER BY c.since, c.stream, c.item, c.subject, c.key";

static void
put_list(struct json_out *json, const char *name, struct span list)
{
	json_put_raw(json, name, list.len > 0 ? list : span_of("[]"));
}

static void
put_conflict(const struct pg *pg, size_t row, struct json_out *json)
{
	char time[CLOCK_TEXT_MAX];

	json_open_object(json, NULL);
	json_put_text(json, "subject", pg_bytes(pg, row, 2));
	json_put_int(json, "item", pg_int(pg, row, 1));
	json_put_text(json, "key", pg_bytes(pg, row, 3));
	json_put_text(json, "stream", pg_bytes(pg, row, 0));
	put_list(json, "providers", pg_bytes(pg, row, 6));
	json_put_text(json, "wins", pg_bytes(pg, row, 5));
	put_list(json, "fields", pg_bytes(pg, row, 7));
	json_put_cstr(json, "since", clock_print(pg_time(pg, row, 4), time));
	json_close_object(json);
}

enum err
conflict_print(
    struct pg *pg, const struct conflict_question *question, struct buf *out)
{
	struct json_out json = {.buf = out};
	size_t i, rows;

	pg_exec(pg, conflicts_sql, pg_arg_text(span_of(question->provider)),
	    pg_arg_int(question->item), pg_arg_int(question->after),
	    pg_arg_int(question->limit));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	rows = pg_rows(pg);
	json_open_object(&json, NULL);
	json_open_array(&json, "conflicts");
	for (i = 0; i < rows; i++)
		put_conflict(pg, i, &json);
	json_close_array(&json);
	if (rows < (size_t)question->limit)
		json_put_null(&json, "next");
	else
		json_put_int(&json, "next", question->after + question->limit);
	json_close_object(&json);
	return ERR_OK;
}
