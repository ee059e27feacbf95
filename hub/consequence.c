/*
 * consequence: what follows from a batch beyond its rows.
 *
 * A full batch withdraws what it leaves out; a registration that names
 * another division takes the subject's records along.  Both become rows of
 * `pick`, so that one merge writes everything, in order.  A record that is
 * withdrawn so keeps no fields: its history does.
 */
#include <string.h>

#include "base/json.h"
#include "credit/region.h"
#include "hub/fields.h"
#include "hub/history.h"
#include "hub/ledger_inner.h"

#define PAGE_SQL "FETCH 200 FROM consequences"

/* A registration that yields to another department's moves nothing, nor does
 * one that was said before and overtaken since. */
static const char moves_sql[] =
    "INSERT INTO move (subject, source, target)"
    " SELECT p.subject, p.stream, p.named FROM pick p LEFT JOIN record r"
    " ON r.stream = p.stream AND r.item = p.item AND r.subject = p.subject"
    " AND r.key = p.key WHERE p.item = 1 AND p.state <> 4"
    " AND p.named <> p.stream AND NOT " LEDGER_IS_OLDER
    " AND NOT COALESCE(r.state <> 4 AND r.provider <> $3"
    " AND " LEDGER_RANK("$3", "$4") " > " LEDGER_RANK("r.provider",
	"$4") ", false)"
	      " AND (r.provider = $3 OR NOT EXISTS (SELECT FROM statement s"
	      " WHERE s.stream = p.stream AND s.item = p.item"
	      " AND s.subject = p.subject AND s.key = p.key AND s.provider = $3"
	      " AND s.digest = p.digest AND s.state = p.state))";

static const char moves_found_sql[] =
    "INSERT INTO finding (batch, line, field, rule, severity, value_digest)"
    " SELECT $1, p.line, '', 'division_changed', 'warn',"
    " sha256(convert_to(m.target, 'UTF8')) FROM pick p"
    " JOIN move m ON m.subject = p.subject ORDER BY p.line";

static const char records_of_moves_sql[] =
    "DECLARE consequences NO SCROLL CURSOR FOR"
    " SELECT r.stream, r.item, r.subject, r.key, r.provider, m.target,"
    " r.state, r.as_of, r.confirmed IS NOT NULL, r.fields::text"
    " FROM move m CROSS JOIN unnest(string_to_array($1, ',')) i(item)"
    " JOIN record r ON r.stream = m.source AND r.item = i.item::integer"
    " AND r.subject = m.subject WHERE r.state <> 4";

/* A row of the batch for the same record counts, where the subject goes. */
static const char named_anyway_sql[] =
    "DELETE FROM pick p USING pick o WHERE p.line >= $1 AND o.line < $1"
    " AND o.stream = p.stream AND o.item = p.item AND o.subject = p.subject"
    " AND o.key = p.key";

/* What a provider says: what counts, and what another one's outweighs. */
#define ABSENT(table)                                                          \
	" FROM " table " r JOIN scope s ON s.stream = r.stream"                \
	" WHERE r.item = $1 AND r.provider = $2 AND r.state <> 4"              \
	" AND r.known_from < $3"
#define OUTWEIGHED                                                             \
	" AND NOT EXISTS (SELECT FROM record o WHERE o.stream = r.stream"      \
	" AND o.item = r.item AND o.subject = r.subject AND o.key = r.key"     \
	" AND o.provider = $2 AND o.state <> 4)"
#define UNNAMED                                                                \
	" AND NOT EXISTS (SELECT FROM pick p WHERE p.stream = r.stream"        \
	" AND p.item = r.item AND p.subject = r.subject AND p.key = r.key)"    \
	" AND NOT EXISTS (SELECT FROM mention n WHERE n.subject = r.subject"   \
	" AND n.key = r.key)"
#define IDENTITY "SELECT r.stream, r.item, r.subject, r.key, r.provider"

static const char forward_sql[] =
    "DECLARE consequences NO SCROLL CURSOR FOR"
    " SELECT c.stream, c.item, c.subject, c.key, v.provider, c.line, v.state,"
    " v.as_of, v.confirmed IS NOT NULL, v.fields::text FROM change c"
    " JOIN dispute d ON d.line = c.line JOIN voice v ON v.provider = d.winner"
    " AND v.stream = c.stream AND v.item = c.item AND v.subject = c.subject"
    " AND v.key = c.key WHERE c.yielded";

static const char set_sql[] = "SELECT (SELECT count(*)" ABSENT(
    "record") ")"
	      " + (SELECT count(*)" ABSENT("statement") OUTWEIGHED ")";

static const char absent_sql[] = IDENTITY ABSENT("record") UNNAMED
    " UNION ALL " IDENTITY ABSENT("statement") OUTWEIGHED UNNAMED;

void
consequence_find_scope(struct ledger *ledger)
{
	const char *divisions = ledger->plan.divisions;

	if (divisions == NULL || divisions[0] == '\0')
		pg_run(ledger->pg, "INSERT INTO scope (stream)"
				   " SELECT DISTINCT stream FROM pick");
	else
		pg_exec(ledger->pg,
		    "INSERT INTO scope (stream) SELECT DISTINCT t.stream"
		    " FROM stream_state t"
		    " JOIN unnest(string_to_array($1, ',')) d(prefix)"
		    " ON starts_with(t.stream, d.prefix)"
		    " WHERE t.stream <> '0000'",
		    pg_arg_text(span_of(divisions)));
}

uint64_t
consequence_find_moves(struct ledger *ledger)
{
	struct pg *pg = ledger->pg;
	struct buf precedence = {0};
	int64_t moved;

	if (ledger->plan.item != 1)
		return 0;
	statement_print_precedence(ledger, &precedence);
	pg_exec(pg, moves_sql, pg_arg_int(ledger->plan.was_held),
	    pg_arg_time(ledger->plan.received_us),
	    pg_arg_text(span_of(ledger->plan.provider)),
	    pg_arg_text(span_make(buf_cstr(&precedence), precedence.len)));
	moved = pg_affected(pg);
	buf_release(&precedence);
	if (moved <= 0)
		return 0;
	pg_exec(pg, moves_found_sql, pg_arg_int(ledger->number));
	pg_run(pg, "UPDATE pick p SET stream = m.target FROM move m"
		   " WHERE m.subject = p.subject");
	return (uint64_t)moved;
}

/* A record as it is read from the ledger. */
struct found {
	const struct item *item;
	struct record record;
	struct fields fields;
	char stream[STREAM_LEN + 1];
	char target[STREAM_LEN + 1];
};

static void
copy_stream(char out[STREAM_LEN + 1], struct span stream)
{
	size_t len = stream.len < STREAM_LEN ? stream.len : STREAM_LEN;

	memcpy(out, stream.ptr, len);
	out[len] = '\0';
}

static void
read_identity(struct found *found, struct ledger *ledger, size_t row)
{
	const struct pg *pg = ledger->pg;

	copy_stream(found->stream, pg_bytes(pg, row, 0));
	found->record = (struct record){.item = (uint32_t)pg_int(pg, row, 1),
	    .subject = pg_bytes(pg, row, 2),
	    .key = pg_bytes(pg, row, 3),
	    .provider = pg_bytes(pg, row, 4),
	    .state = RECORD_WITHDRAWN,
	    .as_of_us = ledger->plan.received_us};
	found->item =
	    catalog_find_item(ledger->plan.catalog, found->record.item);
}

static void
put_withdrawn(struct ledger *ledger, const struct found *found)
{
	struct ledger_row row = {.record = &found->record,
	    .item = found->item,
	    .stream = found->stream};

	ledger_put_extra(ledger, &row);
}

/* What a province keeps of its own does not follow a subject out of it. */
static bool
may_follow(const struct item *item, const char *target)
{
	return item == NULL || *item->division == '\0' ||
	       region_holds(item->division, target);
}

/* State, time and fields of a record that is written again; the fields' texts
 * live as long as the answer. */
static struct json *
read_content(struct found *found, const struct pg *pg, size_t row)
{
	struct json *fields = json_parse(pg_bytes(pg, row, 9), NULL);

	found->record.state = (enum record_state)pg_int(pg, row, 6);
	found->record.as_of_us = pg_time(pg, row, 7);
	/* A field that the catalogue does not know any more stays behind, in
	 * the history. */
	fields_read(found->item, fields, &found->fields);
	found->record.fields = found->fields.list;
	found->record.field_count = found->fields.count;
	return fields;
}

static void
put_moved(struct ledger *ledger, struct found *found, size_t row)
{
	const struct pg *pg = ledger->pg;
	struct ledger_row staged = {.record = &found->record,
	    .item = found->item,
	    .stream = found->target,
	    .dated = pg_int(pg, row, 8) != 0};
	struct json *fields;

	put_withdrawn(ledger, found);
	copy_stream(found->target, pg_bytes(pg, row, 5));
	if (!may_follow(found->item, found->target))
		return;
	fields = read_content(found, pg, row);
	ledger_put_extra(ledger, &staged);
	json_free(fields);
}

static void
put_absent(struct ledger *ledger, struct found *found, size_t row)
{
	(void)row;
	put_withdrawn(ledger, found);
}

static void
put_forward(struct ledger *ledger, struct found *found, size_t row)
{
	const struct pg *pg = ledger->pg;
	struct ledger_row staged = {.line = (uint64_t)pg_int(pg, row, 5),
	    .record = &found->record,
	    .item = found->item};
	struct json *fields = read_content(found, pg, row);

	ledger_put_body(ledger, &staged, true);
	json_free(fields);
}

/* Each row of the open cursor; answers how many. */
static uint64_t
each_row(struct ledger *ledger,
    void (*put)(struct ledger *ledger, struct found *found, size_t row))
{
	struct pg *pg = ledger->pg;
	struct found found;
	uint64_t count = 0;
	size_t row, rows;

	do {
		pg_query(pg, PAGE_SQL);
		rows = pg_rows(pg);
		for (row = 0; row < rows; row++) {
			read_identity(&found, ledger, row);
			put(ledger, &found, row);
		}
		count += rows;
		ledger_flush(ledger, 0);
	} while (rows > 0);
	pg_run(pg, "CLOSE consequences");
	return count;
}

void
consequence_move(struct ledger *ledger, int64_t now_us)
{
	struct pg *pg = ledger->pg;
	struct buf items = {0};

	pg_run(pg, "UPDATE subject k SET stream = m.target FROM move m"
		   " WHERE k.subject = m.subject");
	pg_exec(pg,
	    "INSERT INTO subject_move"
	    " (subject, source, target, moved_at, batch)"
	    " SELECT subject, source, target, $1, $2 FROM move",
	    pg_arg_time(now_us), pg_arg_int(ledger->number));
	history_print_items(ledger->plan.catalog, 0, &items);
	pg_exec(pg, records_of_moves_sql, pg_arg_text(buf_span(&items)));
	(void)each_row(ledger, put_moved);
	statement_move(ledger, now_us);
	pg_exec(pg, named_anyway_sql, pg_arg_int(LEDGER_EXTRA_LINE));
	buf_release(&items);
}

uint64_t
consequence_withdraw(struct ledger *ledger, const char *sql,
    const struct pg_arg *args, size_t count)
{
	struct buf cursor = {0};
	uint64_t withdrawn;

	buf_print(&cursor, "DECLARE consequences NO SCROLL CURSOR FOR %s", sql);
	pg_exec_args(ledger->pg, buf_cstr(&cursor), args, count);
	withdrawn = each_row(ledger, put_absent);
	buf_release(&cursor);
	return withdrawn;
}

uint64_t
consequence_withdraw_absent(struct ledger *ledger, uint64_t *set)
{
	const struct ledger_plan *plan = &ledger->plan;
	const struct pg_arg args[] = {pg_arg_int(plan->item),
	    pg_arg_text(span_of(plan->provider)),
	    pg_arg_time(plan->received_us)};

	pg_exec_args(ledger->pg, set_sql, args, 3);
	*set =
	    pg_rows(ledger->pg) == 1 ? (uint64_t)pg_int(ledger->pg, 0, 0) : 0;
	return consequence_withdraw(ledger, absent_sql, args, 3);
}

void
consequence_bring_forward(struct ledger *ledger)
{
	struct pg *pg = ledger->pg;

	pg_run(pg, "DELETE FROM body b USING change c"
		   " WHERE c.line = b.line AND c.yielded");
	ledger->yielded = true;
	pg_run(pg, forward_sql);
	(void)each_row(ledger, put_forward);
}
