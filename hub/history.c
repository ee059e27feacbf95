/*
 * history: what the ledger knew of a subject.
 */
#include "hub/history.h"

#include "base/clock.h"
#include "base/json.h"
#include "credit/record.h"

#define COLUMNS                                                                \
	"r.stream, r.item, r.key, r.version, r.state, r.provider, r.as_of,"    \
	" r.known_from, r.position, r.batch, r.fields"
#define OURS                                                                   \
	" r JOIN place ON place.stream = r.stream WHERE r.subject = $1"        \
	" AND r.item = ANY (string_to_array($2, ',')::integer[])"              \
	" AND ($3 = '' OR r.provider = $3) AND r.known_from <= $4"

/* A record that left with its subject lives on where that went; the empty
 * version that it left behind is no fact. */
#define VERSIONS                                                               \
	"WITH place AS (SELECT stream FROM subject WHERE subject = $1"         \
	" UNION SELECT source FROM subject_move WHERE subject = $1"            \
	" UNION SELECT target FROM subject_move WHERE subject = $1),"          \
	" version AS (SELECT " COLUMNS ", NULL::timestamptz AS known_to"       \
	" FROM record" OURS " UNION ALL SELECT " COLUMNS ", r.known_to"        \
	" FROM record_history" OURS ")"

static const char versions_sql[] = VERSIONS
    " SELECT DISTINCT ON (v.item, v.key) v.item, v.key, v.stream, v.version,"
    " v.state, v.provider, v.as_of, v.known_from, v.known_to, v.position,"
    " v.fields::text FROM version v"
    " WHERE CASE WHEN $5 = 0 THEN v.known_to IS NULL OR v.known_to > $4"
    " ELSE v.as_of <= $6 END"
    " AND NOT (v.state = 4 AND EXISTS (SELECT FROM subject_move m"
    " WHERE m.subject = $1 AND m.source = v.stream AND m.batch = v.batch))"
    " ORDER BY v.item, v.key, CASE WHEN $5 <> 0 THEN v.as_of END DESC,"
    " v.known_from DESC, v.version DESC LIMIT $7";

static const char names_sql[] = VERSIONS
    " SELECT v.fields->>'name', max(v.known_to) FROM version v"
    " WHERE v.known_to <= $4 AND v.fields->>'name' <> (SELECT n.fields->>'name'"
    " FROM version n WHERE n.fields ? 'name'"
    " ORDER BY n.known_from DESC, n.version DESC LIMIT 1)"
    " GROUP BY 1 ORDER BY 2 DESC LIMIT 100";

void
history_print_items(
    const struct catalog *catalog, uint32_t item, struct buf *out)
{
	size_t i, count;
	const struct item *items = catalog_items(catalog, &count);

	if (item != 0) {
		buf_print(out, "%u", item);
		return;
	}
	for (i = 0; i < count; i++)
		buf_print(out, "%s%u", i > 0 ? "," : "", items[i].number);
}

static void
put_time(struct json_out *json, const char *name, int64_t time_us)
{
	char text[CLOCK_TEXT_MAX];

	json_put_cstr(json, name, clock_print(time_us, text));
}

/* A statement has no version and no position. */
static void
print_version(struct pg *pg, size_t row, struct json_out *json)
{
	enum record_state state = (enum record_state)pg_int(pg, row, 4);

	json_open_object(json, NULL);
	json_put_int(json, "item", pg_int(pg, row, 0));
	json_put_text(json, "key", pg_bytes(pg, row, 1));
	json_put_text(json, "stream", pg_bytes(pg, row, 2));
	if (!pg_is_null(pg, row, 3))
		json_put_int(json, "version", pg_int(pg, row, 3));
	json_put_cstr(json, "state", record_state_name(state));
	json_put_text(json, "provider", pg_bytes(pg, row, 5));
	put_time(json, "as_of", pg_time(pg, row, 6));
	put_time(json, "known_from", pg_time(pg, row, 7));
	if (pg_is_null(pg, row, 8))
		json_put_null(json, "known_to");
	else
		put_time(json, "known_to", pg_time(pg, row, 8));
	if (!pg_is_null(pg, row, 9))
		json_put_int(json, "position", pg_int(pg, row, 9));
	json_put_raw(json, "fields", pg_bytes(pg, row, 10));
	json_close_object(json);
}

static size_t
print_versions(
    struct pg *pg, const struct history *history, struct json_out *json)
{
	struct buf items = {0};
	size_t i, rows;

	history_print_items(history->catalog, history->item, &items);
	pg_exec(pg, versions_sql, pg_arg_text(span_of(history->subject)),
	    pg_arg_text(buf_span(&items)),
	    pg_arg_text(span_of(history->provider)),
	    pg_arg_time(history->known_us), pg_arg_int(history->valid_us >= 0),
	    pg_arg_time(history->valid_us),
	    pg_arg_int(HISTORY_RECORDS_MAX + 1));
	rows = pg_rows(pg);
	json_open_array(json, "records");
	for (i = 0; i < rows && i < HISTORY_RECORDS_MAX; i++)
		print_version(pg, i, json);
	json_close_array(json);
	buf_release(&items);
	return rows;
}

/* What several providers say of a record now, if it was said by then. */
static size_t
print_statements(
    struct pg *pg, const struct history *history, struct json_out *json)
{
	struct buf items = {0};
	size_t i;

	history_print_items(history->catalog, history->item, &items);
	pg_exec(pg,
	    "SELECT item, key, stream, NULL, state, provider, as_of,"
	    " known_from, NULL, NULL, fields::text FROM statement"
	    " WHERE subject = $1 AND state <> 4 AND known_from <= $4"
	    " AND item = ANY (string_to_array($2, ',')::integer[])"
	    " AND ($3 = '' OR provider = $3)"
	    " ORDER BY item, key, stream, provider LIMIT 1000",
	    pg_arg_text(span_of(history->subject)),
	    pg_arg_text(buf_span(&items)),
	    pg_arg_text(span_of(history->provider)),
	    pg_arg_time(history->known_us));
	json_open_array(json, "statements");
	for (i = 0; i < pg_rows(pg); i++)
		print_version(pg, i, json);
	json_close_array(json);
	buf_release(&items);
	return pg_rows(pg);
}

static void
print_moves(struct pg *pg, const struct history *history, struct json_out *json)
{
	size_t i;

	pg_exec(pg,
	    "SELECT source, target, moved_at FROM subject_move"
	    " WHERE subject = $1 AND moved_at <= $2 ORDER BY number LIMIT 1000",
	    pg_arg_text(span_of(history->subject)),
	    pg_arg_time(history->known_us));
	json_open_array(json, "moves");
	for (i = 0; i < pg_rows(pg); i++) {
		json_open_object(json, NULL);
		json_put_text(json, "from", pg_bytes(pg, i, 0));
		json_put_text(json, "to", pg_bytes(pg, i, 1));
		put_time(json, "time", pg_time(pg, i, 2));
		json_close_object(json);
	}
	json_close_array(json);
}

/* Registration numbers of before that item 1 gave for this code. */
static void
print_numbers(
    struct pg *pg, const struct history *history, struct json_out *json)
{
	size_t i;

	pg_exec(pg,
	    "SELECT number FROM subject_alias WHERE subject = $1"
	    " ORDER BY number LIMIT 100",
	    pg_arg_text(span_of(history->subject)));
	json_open_array(json, "old_numbers");
	for (i = 0; i < pg_rows(pg); i++)
		json_put_text(json, NULL, pg_bytes(pg, i, 0));
	json_close_array(json);
}

/* Who absorbed the subject, and whom it absorbed. */
static void
print_mergers(
    struct pg *pg, const struct history *history, struct json_out *json)
{
	const struct pg_arg args[] = {pg_arg_text(span_of(history->subject)),
	    pg_arg_time(history->known_us)};
	size_t i;

	pg_exec_args(pg,
	    "SELECT successor FROM subject_link"
	    " WHERE subject = $1 AND known_from <= $2",
	    args, 2);
	if (pg_rows(pg) == 1)
		json_put_text(json, "successor", pg_bytes(pg, 0, 0));
	else
		json_put_null(json, "successor");
	pg_exec_args(pg,
	    "SELECT subject FROM subject_link WHERE successor = $1"
	    " AND known_from <= $2 ORDER BY subject LIMIT 1000",
	    args, 2);
	json_open_array(json, "absorbed");
	for (i = 0; i < pg_rows(pg); i++)
		json_put_text(json, NULL, pg_bytes(pg, i, 0));
	json_close_array(json);
}

/* Names that item 1 gave before the one that it gave then. */
static void
print_names(struct pg *pg, const struct history *history, struct json_out *json)
{
	size_t i;

	pg_exec(pg, names_sql, pg_arg_text(span_of(history->subject)),
	    pg_arg_text(span_of("1")), pg_arg_text(span_of(history->provider)),
	    pg_arg_time(history->known_us));
	json_open_array(json, "former_names");
	for (i = 0; i < pg_rows(pg); i++) {
		json_open_object(json, NULL);
		json_put_text(json, "name", pg_bytes(pg, i, 0));
		put_time(json, "known_to", pg_time(pg, i, 1));
		json_close_object(json);
	}
	json_close_array(json);
}

enum err
history_print(struct pg *pg, const struct history *history, struct buf *out)
{
	struct json_out json = {.buf = out};
	size_t rows;

	json_open_object(&json, NULL);
	json_put_cstr(&json, "subject", history->subject);
	put_time(&json, "known_at", history->known_us);
	rows = print_versions(pg, history, &json);
	json_put_bool(&json, "complete", rows <= HISTORY_RECORDS_MAX);
	rows += print_statements(pg, history, &json);
	print_moves(pg, history, &json);
	print_numbers(pg, history, &json);
	print_mergers(pg, history, &json);
	print_names(pg, history, &json);
	json_close_object(&json);
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	return rows > 0 ? ERR_OK : ERR_MISSING;
}
