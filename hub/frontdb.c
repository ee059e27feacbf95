/*
 * frontdb: the rows of one exchange database behind a place.
 */
#include "hub/frontdb.h"

#include <ctype.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "credit/ndjson.h"

#define PIECE (256 << 10)
/* Of one batch, however few rows that is. */
#define PAGE_BYTES (32 << 20)
/* A row of more bytes than our reader takes is shown by its beginning. */
#define ROW_SHOWN "1000"
#define VALUE_MAX 1000
/* The table's name inside our statements. */
#define ROW "\"the row\""
#define ORDER_MAX (1 + SOURCE_KEYS_MAX)

/* Bytes that a row may have, in SQL. */
#define ROW_MAX "1048576"
_Static_assert(NDJSON_LINE_MAX == 1048576, "ROW_MAX");

enum order_kind {
	ORDER_NUMBER,
	ORDER_TEXT,
	ORDER_TIME,
	ORDER_LOCAL_TIME
};

/* A column that rows are ordered by. */
struct order {
	struct buf value; /* SQL: the column, so that it sorts as we say */
	char type[40];    /* to which a text is cast to be compared with it */
	enum order_kind kind;
};

struct frontdb {
	const struct source *source;
	struct pg_patience patience;
	struct buf setup;
	struct pg *pg;    /* NULL: not connected */
	struct buf table; /* SQL */
	struct order order[ORDER_MAX];
	/* SQL of the fields: their names, the columns AS c0 …, the texts */
	struct buf names, columns, values;
	size_t fields;
	/* Rows up to `bound` are whole when `open` have ended. */
	bool bounded, settled;
	struct buf bound;
	struct buf open; /* transactions, "3/17,4/9" */
	int64_t since_us;
	/* of one read */
	struct frontdb_page *page;
	struct spool *spool;
	struct buf piece;
	enum err err;
};

static const struct {
	const char *state, *code;
} codes[] = {
    {"-", "unreachable"},
    {"08", "unreachable"},
    {"57P", "unreachable"},
    {"57014", "timeout"},
    {"55P03", "timeout"},
    {"25P03", "timeout"},
    {"28", "login_refused"},
    {"53300", "connections"},
    {"3F000", "table_missing"},
    {"42P01", "table_missing"},
    {"42703", "column_missing"},
    {"42501", "permission"},
    {"22021", "encoding"},
    {"22P05", "encoding"},
};

static enum err
fault(struct frontdb_page *page, enum err err, const char *code)
{
	if (page->code[0] == '\0')
		snprintf(page->code, sizeof(page->code), "%s", code);
	return err;
}

/* A word for the SQLSTATE; the message is not ours to repeat. */
static enum err
fault_of(struct frontdb_page *page, const char *why)
{
	char other[FRONTDB_CODE_MAX] = "sql_";
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (strncmp(why, codes[i].state, strlen(codes[i].state)) == 0)
			return fault(page, ERR_DATABASE, codes[i].code);
	for (i = 0; i < 5 && isalnum((unsigned char)why[i]); i++)
		other[4 + i] = why[i];
	return fault(page, ERR_DATABASE, other);
}

static void
print_setup(const struct source *source, struct buf *out)
{
	buf_print(out,
	    "SET client_encoding = 'UTF8'; SET search_path = '';"
	    "SET standard_conforming_strings = on; SET bytea_output = hex;"
	    "SET datestyle = 'ISO, YMD'; SET intervalstyle = iso_8601;"
	    "SET extra_float_digits = 1; SET TIME ZONE INTERVAL '+08:00' HOUR "
	    "TO MINUTE;"
	    "SET default_transaction_read_only = on;"
	    "SET idle_in_transaction_session_timeout = '%us';"
	    "SET lock_timeout = '%us'; SET statement_timeout = '%us'",
	    source->timeout_seconds, source->timeout_seconds,
	    source->timeout_seconds);
	buf_cstr(out);
}

struct frontdb *
frontdb_new(const struct source *source, const atomic_bool *stopping)
{
	struct frontdb *frontdb = mem_new(sizeof(*frontdb));

	frontdb->source = source;
	/* The server's own limit comes first and tells more. */
	frontdb->patience = (struct pg_patience){
	    source->timeout_seconds * 1000 + 2000, stopping};
	print_setup(source, &frontdb->setup);
	return frontdb;
}

void
frontdb_free(struct frontdb *frontdb)
{
	size_t i;

	if (frontdb == NULL)
		return;
	pg_close(frontdb->pg);
	for (i = 0; i < ORDER_MAX; i++)
		buf_release(&frontdb->order[i].value);
	buf_release(&frontdb->setup);
	buf_release(&frontdb->table);
	buf_release(&frontdb->names);
	buf_release(&frontdb->columns);
	buf_release(&frontdb->values);
	buf_release(&frontdb->bound);
	buf_release(&frontdb->open);
	buf_release(&frontdb->piece);
	mem_free(frontdb);
}

static enum err
connect_now(struct frontdb *frontdb)
{
	const char *conninfo = frontdb->source->conninfo;

	if (frontdb->pg != NULL)
		return ERR_OK;
	frontdb->pg = pg_open_far(
	    conninfo, buf_cstr(&frontdb->setup), &frontdb->patience, NULL);
	if (frontdb->pg != NULL)
		return ERR_OK;
	return fault(frontdb->page, ERR_DATABASE,
	    pg_ping_far(conninfo) ? "login_refused" : "unreachable");
}

/* Numbers, times and texts sort everywhere alike; texts by their bytes. */
static bool
take_type(struct span type, struct order *order)
{
	static const struct {
		const char *type;
		enum order_kind kind;
	} known[] = {
	    {"smallint", ORDER_NUMBER},
	    {"integer", ORDER_NUMBER},
	    {"bigint", ORDER_NUMBER},
	    {"numeric", ORDER_NUMBER},
	    {"timestamp with time zone", ORDER_TIME},
	    {"timestamp without time zone", ORDER_LOCAL_TIME},
	    {"text", ORDER_TEXT},
	    {"character varying", ORDER_TEXT},
	    {"character", ORDER_TEXT},
	    {"uuid", ORDER_TEXT},
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (span_is(type, known[i].type)) {
			order->kind = known[i].kind;
			snprintf(order->type, sizeof(order->type), "%s",
			    known[i].kind == ORDER_TEXT ? "text"
							: known[i].type);
			return true;
		}
	return false;
}

/* Row `row` of the description is this column. */
static enum err
take_order(struct frontdb *frontdb, struct order *order, size_t row)
{
	struct pg *pg = frontdb->pg;
	struct span kind = pg_bytes(pg, row, 3);
	bool stored = span_is(kind, "r") || span_is(kind, "p");

	if (!take_type(pg_bytes(pg, row, 1), order))
		return fault(frontdb->page, ERR_DATABASE, "cursor_type");
	/* A row without a cursor would never be read. */
	if (stored && pg_int(pg, row, 2) == 0)
		return fault(frontdb->page, ERR_DATABASE, "cursor_nullable");
	buf_reset(&order->value);
	/* Qualified: a column of a result may have the same name. */
	buf_text(&order->value, ROW ".");
	pg_quote_name(pg, pg_bytes(pg, row, 0), &order->value);
	if (order->kind == ORDER_TEXT)
		buf_text(&order->value, "::text COLLATE \"C\"");
	buf_cstr(&order->value);
	return ERR_OK;
}

/* Its row in the description; the number of rows when there is none. */
static size_t
find_column(const struct pg *pg, const char *column)
{
	size_t row;

	for (row = 0; row < pg_rows(pg); row++)
		if (span_is(pg_bytes(pg, row, 0), column))
			break;
	return row;
}

static enum err
take_orders(struct frontdb *frontdb)
{
	const struct source *source = frontdb->source;
	struct pg *pg = frontdb->pg;
	enum err err = ERR_OK;
	size_t i;

	for (i = 0; i < source->order_count && err == ERR_OK; i++) {
		size_t row = find_column(pg, source->order[i]);

		if (row == pg_rows(pg))
			return fault(
			    frontdb->page, ERR_DATABASE, "column_missing");
		err = take_order(frontdb, &frontdb->order[i], row);
	}
	return err;
}

/* Too long a value makes its row too long; it is not cut off unseen. */
static void
add_field(struct frontdb *frontdb, struct span field, struct span column)
{
	struct buf *names = &frontdb->names, *columns = &frontdb->columns;
	const char *comma = frontdb->fields > 0 ? ", " : "";

	buf_text(names, comma);
	pg_quote_text(frontdb->pg, field, names);
	buf_print(columns, ", " ROW ".");
	pg_quote_name(frontdb->pg, column, columns);
	buf_print(columns, " AS c%zu", frontdb->fields);
	buf_print(&frontdb->values, "%sleft(c%zu::text, " ROW_MAX " + 1)",
	    comma, frontdb->fields);
	frontdb->fields++;
}

static enum err
take_fields(struct frontdb *frontdb)
{
	const struct source *source = frontdb->source;
	struct pg *pg = frontdb->pg;
	size_t i;

	frontdb->fields = 0;
	buf_reset(&frontdb->names);
	buf_reset(&frontdb->columns);
	buf_reset(&frontdb->values);
	for (i = 0; i < source->column_count; i++) {
		const struct source_column *column = &source->columns[i];

		if (find_column(pg, column->column) == pg_rows(pg))
			return fault(
			    frontdb->page, ERR_DATABASE, "column_missing");
		add_field(
		    frontdb, span_of(column->field), span_of(column->column));
	}
	if (source->column_count > 0)
		return ERR_OK;
	if (pg_rows(pg) > SOURCE_COLUMNS_MAX)
		return fault(frontdb->page, ERR_DATABASE, "too_many_columns");
	for (i = 0; i < pg_rows(pg); i++)
		add_field(frontdb, pg_bytes(pg, i, 0), pg_bytes(pg, i, 0));
	return ERR_OK;
}

/* Is the table there, and what are its columns? */
static enum err
describe(struct frontdb *frontdb)
{
	const struct source *source = frontdb->source;
	struct pg *pg = frontdb->pg;
	struct buf *table = &frontdb->table;
	enum err err;

	buf_reset(table);
	pg_quote_name(pg, span_of(source->schema), table);
	buf_char(table, '.');
	pg_quote_name(pg, span_of(source->table), table);
	buf_cstr(table);
	pg_exec(pg,
	    "SELECT a.attname::text,"
	    " coalesce(nullif(t.typbasetype, 0), t.oid)::regtype::text,"
	    " a.attnotnull, c.relkind::text FROM pg_class c"
	    " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
	    " AND NOT a.attisdropped JOIN pg_type t ON t.oid = a.atttypid"
	    " WHERE c.oid = to_regclass($1)"
	    " AND c.relkind IN ('r', 'p', 'v', 'm') ORDER BY a.attnum",
	    pg_arg_text(buf_span(table)));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (pg_rows(pg) == 0)
		return fault(frontdb->page, ERR_DATABASE, "table_missing");
	err = take_orders(frontdb);
	if (err == ERR_OK)
		err = take_fields(frontdb);
	buf_cstr(&frontdb->names);
	buf_cstr(&frontdb->columns);
	buf_cstr(&frontdb->values);
	return err;
}

/* AND (cursor, key) > ($1, $2), with a parameter for each; without a place
 * yet, no condition. */
static void
print_behind(
    const struct frontdb *frontdb, const struct place *from, struct buf *sql)
{
	size_t i;

	if (from->count == 0)
		return;
	for (i = 0; i < from->count; i++)
		buf_print(sql, "%s%s", i == 0 ? " AND (" : ", ",
		    frontdb->order[i].value.data);
	for (i = 0; i < from->count; i++)
		buf_print(sql, "%s$%zu::text::%s", i == 0 ? ") > (" : ", ",
		    i + 1, frontdb->order[i].type);
	buf_char(sql, ')');
}

static size_t
fill_behind(const struct place *from, struct pg_arg *args)
{
	size_t i;

	for (i = 0; i < from->count; i++)
		args[i] = pg_arg_text(buf_span(&from->values[i]));
	return from->count;
}

/* A time has to be past for everybody: clocks of a second's resolution give
 * the same one again for as long. */
static void
print_lag(const struct frontdb *frontdb, struct buf *sql)
{
	const struct order *cursor = &frontdb->order[0];
	const char *now = "pg_catalog.statement_timestamp()";

	if (cursor->kind == ORDER_LOCAL_TIME)
		now = "(pg_catalog.statement_timestamp() AT TIME ZONE (SELECT"
		      " reset_val FROM pg_settings WHERE name = 'TimeZone'))";
	if (cursor->kind == ORDER_TIME || cursor->kind == ORDER_LOCAL_TIME)
		buf_print(sql, " AND %s < %s - interval '%us'",
		    cursor->value.data, now, frontdb->source->lag_seconds);
}

/* Who else is inside a transaction of this database?  pg_locks is open to
 * every role and shows those that have not written yet too. */
#define OTHERS                                                                 \
	"SELECT l.virtualtransaction FROM pg_locks l"                          \
	" JOIN pg_stat_activity a USING (pid) JOIN pg_database d"              \
	" ON d.oid = a.datid AND d.datname = current_database()"               \
	" WHERE l.locktype = 'virtualxid' AND l.granted"                       \
	" AND l.mode = 'ExclusiveLock' AND a.usesysid IS NOT NULL"             \
	" AND pid <> pg_backend_pid()"

/* The newest row now, and everybody who may still put one before it. */
static enum err
find_bound(struct frontdb *frontdb, const struct place *from)
{
	const char *cursor = frontdb->order[0].value.data;
	struct pg_arg args[ORDER_MAX];
	struct pg *pg = frontdb->pg;
	struct buf sql = {0};
	struct span bound, open;

	buf_print(&sql, "SELECT (SELECT %s::text FROM %s AS " ROW " WHERE true",
	    frontdb->order[0].value.data, frontdb->table.data);
	print_behind(frontdb, from, &sql);
	print_lag(frontdb, &sql);
	buf_print(&sql,
	    " ORDER BY %s DESC LIMIT 1),"
	    " array_to_string(ARRAY(" OTHERS "), ','), pg_is_in_recovery()",
	    cursor);
	pg_exec_args(pg, buf_cstr(&sql), args, fill_behind(from, args));
	buf_release(&sql);
	if (pg_rows(pg) != 1)
		return ERR_DATABASE;
	/* A standby does not show who is writing. */
	if (pg_int(pg, 0, 2) != 0)
		return fault(frontdb->page, ERR_DATABASE, "standby");
	frontdb->bounded = !pg_is_null(pg, 0, 0);
	frontdb->settled = false;
	bound = pg_bytes(pg, 0, 0);
	open = pg_bytes(pg, 0, 1);
	buf_reset(&frontdb->bound);
	buf_add(&frontdb->bound, bound.ptr, bound.len);
	buf_reset(&frontdb->open);
	buf_add(&frontdb->open, open.ptr, open.len);
	frontdb->since_us = clock_tick_us();
	return ERR_OK;
}

/* Have they ended?  Who has written, or is about to, is waited for; who has
 * only read so far, for settle_seconds.  Prepared transactions belong to no
 * session: all of them are waited for. */
static enum err
look_settled(struct frontdb *frontdb)
{
	int64_t waited_us = clock_tick_us() - frontdb->since_us;
	struct pg *pg = frontdb->pg;
	bool patient =
	    waited_us < frontdb->source->settle_seconds * CLOCK_SECOND;

	if (frontdb->settled)
		return ERR_OK;
	pg_exec(pg,
	    "SELECT count(*), count(*) FILTER (WHERE writes),"
	    " (SELECT count(*) FROM pg_prepared_xacts"
	    " WHERE database = current_database())"
	    " FROM (SELECT bool_or(locktype = 'transactionid' OR"
	    " mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock',"
	    " 'AccessExclusiveLock')) AS writes FROM pg_locks"
	    " WHERE virtualtransaction = ANY (string_to_array($1, ','))"
	    " GROUP BY virtualtransaction) x",
	    pg_arg_text(buf_span(&frontdb->open)));
	if (pg_rows(pg) != 1)
		return ERR_DATABASE;
	frontdb->settled = pg_int(pg, 0, 1) == 0 && pg_int(pg, 0, 2) == 0 &&
			   (pg_int(pg, 0, 0) == 0 || !patient);
	frontdb->page->waits = !frontdb->settled;
	return ERR_OK;
}

/* Columns: cursor and key as text, is it whole, the row as JSON.  One row
 * more than may be taken.  The JSON is made of those rows only that are. */
static void
print_select(
    const struct frontdb *frontdb, const struct place *from, struct buf *sql)
{
	size_t count = frontdb->source->order_count, i;

	buf_text(sql, "SELECT ");
	for (i = 0; i < count; i++)
		buf_print(sql, "o%zu::text, ", i);
	buf_text(sql,
	    "octet_length(line) <= " ROW_MAX
	    ", CASE WHEN octet_length(line) <= " ROW_MAX
	    " THEN line ELSE left(line, " ROW_SHOWN ") END FROM (SELECT ");
	for (i = 0; i < count; i++)
		buf_print(sql, "%s%s AS o%zu", i > 0 ? ", " : "",
		    frontdb->order[i].value.data, i);
	buf_print(sql, "%s FROM %s AS " ROW " WHERE %s <= $%zu::text::%s",
	    frontdb->columns.data, frontdb->table.data,
	    frontdb->order[0].value.data, from->count + 1,
	    frontdb->order[0].type);
	print_behind(frontdb, from, sql);
	buf_text(sql, " ORDER BY ");
	for (i = 0; i < count; i++)
		buf_print(sql, "%s%zu", i > 0 ? ", " : "", i + 1);
	buf_print(sql,
	    " LIMIT %u) p, LATERAL (SELECT json_object(ARRAY[%s],"
	    " ARRAY[%s])::text AS line OFFSET 0) j"
	    " ORDER BY ",
	    frontdb->source->rows + 1, frontdb->names.data,
	    frontdb->values.data);
	for (i = 0; i < count; i++)
		buf_print(sql, "%sp.o%zu", i > 0 ? ", " : "", i);
}

static bool
flush(struct frontdb *frontdb)
{
	enum err err = spool_append(frontdb->spool, buf_span(&frontdb->piece));

	buf_reset(&frontdb->piece);
	if (err == ERR_OK)
		return true;
	frontdb->err = fault(frontdb->page, ERR_IO, "hub_disk");
	return false;
}

static bool
add_line(struct frontdb *frontdb, struct span line, bool whole)
{
	struct buf *piece = &frontdb->piece;

	/* The server made it; another line in it would be another row. */
	if (line.ptr == NULL || memchr(line.ptr, '\n', line.len) != NULL) {
		frontdb->err = fault(frontdb->page, ERR_DATABASE, "row_broken");
		return false;
	}
	buf_add(piece, line.ptr, line.len);
	if (!whole)
		memset(buf_room(piece, NDJSON_LINE_MAX), ' ', NDJSON_LINE_MAX);
	piece->len += whole ? 0 : NDJSON_LINE_MAX;
	buf_char(piece, '\n');
	return piece->len < PIECE || flush(frontdb);
}

/* What something can be behind of: not NaN, infinity or nothing. */
static bool
is_value(struct span value, enum order_kind kind)
{
	size_t i = value.len > 0 && value.ptr[0] == '-' ? 1 : 0;

	if (value.ptr == NULL || value.len > VALUE_MAX)
		return false;
	return kind == ORDER_TEXT ||
	       (i < value.len && isdigit((unsigned char)value.ptr[i]));
}

/* Behind the row before?  Rows in one place could not be told apart. */
static bool
take_place(struct frontdb *frontdb, const struct pg *pg)
{
	size_t count = frontdb->source->order_count, i;
	struct place *to = &frontdb->page->to;
	bool same = to->count > 0;

	for (i = 0; i < count; i++) {
		struct span value = pg_bytes(pg, 0, (int)i);

		if (!is_value(value, frontdb->order[i].kind)) {
			frontdb->err =
			    fault(frontdb->page, ERR_DATABASE, "cursor_value");
			return false;
		}
		same = same && span_equal(value, buf_span(&to->values[i]));
	}
	if (same)
		frontdb->err =
		    fault(frontdb->page, ERR_DATABASE, "cursor_not_unique");
	return !same;
}

static void
keep_place(struct frontdb *frontdb, const struct pg *pg)
{
	size_t count = frontdb->source->order_count, i;
	struct place *to = &frontdb->page->to;

	for (i = 0; i < count; i++) {
		struct span value = pg_bytes(pg, 0, (int)i);

		buf_reset(&to->values[i]);
		buf_add(&to->values[i], value.ptr, value.len);
	}
	to->count = count;
	to->rows++;
}

static bool
on_row(void *context, const struct pg *pg)
{
	struct frontdb *frontdb = context;
	struct frontdb_page *page = frontdb->page;
	int column = (int)frontdb->source->order_count;

	if (!take_place(frontdb, pg))
		return false;
	/* The one row more than asked for is the last that comes. */
	page->more = true;
	if (page->count == frontdb->source->rows)
		return true;
	if (spool_size(frontdb->spool) >= PAGE_BYTES)
		return false;
	page->more = false;
	if (!add_line(frontdb, pg_bytes(pg, 0, column + 1),
		pg_int(pg, 0, column) != 0))
		return false;
	keep_place(frontdb, pg);
	page->count++;
	return true;
}

static enum err
read_rows(struct frontdb *frontdb, const struct place *from)
{
	struct pg_arg args[ORDER_MAX + 1];
	size_t count = fill_behind(from, args);
	struct buf sql = {0};

	args[count++] = pg_arg_text(buf_span(&frontdb->bound));
	print_select(frontdb, from, &sql);
	frontdb->err = ERR_OK;
	buf_reset(&frontdb->piece);
	place_copy(&frontdb->page->to, from);
	pg_each(frontdb->pg, buf_cstr(&sql), args, count, on_row, frontdb);
	buf_release(&sql);
	if (frontdb->err == ERR_OK && !pg_has_failed(frontdb->pg))
		(void)flush(frontdb);
	/* What lies behind the bound is another round's. */
	frontdb->bounded = frontdb->page->more;
	return frontdb->err;
}

static enum err
read_steps(struct frontdb *frontdb, const struct place *from)
{
	enum err err = describe(frontdb);

	if (err == ERR_OK && !frontdb->bounded)
		err = find_bound(frontdb, from);
	if (err != ERR_OK || !frontdb->bounded)
		return err;
	err = look_settled(frontdb);
	if (err == ERR_OK && frontdb->settled)
		err = read_rows(frontdb, from);
	return err;
}

enum err
frontdb_read(struct frontdb *frontdb, const struct place *from,
    struct spool *spool, struct frontdb_page *page)
{
	enum err err;

	*page = (struct frontdb_page){.count = 0};
	frontdb->page = page;
	frontdb->spool = spool;
	err = connect_now(frontdb);
	if (err != ERR_OK)
		return err;
	pg_begin(frontdb->pg);
	/* Each statement sees what is there when it begins: rows are read
	 * after those who might add some have ended. */
	pg_run(frontdb->pg,
	    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY");
	err = read_steps(frontdb, from);
	/* It only read: how it ends means nothing. */
	if (pg_end(frontdb->pg, false) != ERR_OK || err == ERR_DATABASE)
		err = fault_of(page, pg_why(frontdb->pg));
	if (err == ERR_OK)
		return ERR_OK;
	frontdb->bounded = false;
	pg_close(frontdb->pg);
	frontdb->pg = NULL;
	return err;
}
