/*
 * frontdb: the rows of one exchange database behind a place.
 */
#include "hub/frontdb.h"

#include <ctype.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "credit/ndjson.h"
#include "hub/front_table.h"

#define PIECE (256 << 10)
/* Of one batch, however few rows that is. */
#define PAGE_BYTES (32 << 20)
#define VALUE_MAX 1000

struct frontdb {
	const struct source *source;
	struct pg_patience patience;
	struct buf setup;
	struct pg *pg; /* NULL: not connected */
	struct front_table table;
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
	frontdb->table.source = source;
	/* The server's own limit comes first and tells more. */
	frontdb->patience = (struct pg_patience){
	    source->timeout_seconds * 1000 + 2000, stopping};
	print_setup(source, &frontdb->setup);
	return frontdb;
}

void
frontdb_free(struct frontdb *frontdb)
{
	if (frontdb == NULL)
		return;
	pg_close(frontdb->pg);
	buf_release(&frontdb->setup);
	front_table_release(&frontdb->table);
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
	const char *cursor = frontdb->table.order[0].value.data;
	struct pg_arg args[FRONT_ORDER_MAX];
	struct pg *pg = frontdb->pg;
	struct buf sql = {0};
	struct span bound, open;

	buf_print(&sql,
	    "SELECT (SELECT %s::text FROM %s AS " FRONT_ROW " WHERE true",
	    cursor, frontdb->table.name.data);
	front_table_print_behind(&frontdb->table, from, &sql);
	front_table_print_lag(&frontdb->table, &sql);
	buf_print(&sql,
	    " ORDER BY %s DESC LIMIT 1),"
	    " array_to_string(ARRAY(" OTHERS "), ','), pg_is_in_recovery()",
	    cursor);
	pg_exec_args(pg, buf_cstr(&sql), args, front_table_fill(from, args));
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
is_value(struct span value, enum front_order_kind kind)
{
	size_t i = value.len > 0 && value.ptr[0] == '-' ? 1 : 0;

	if (value.ptr == NULL || value.len > VALUE_MAX)
		return false;
	return kind == FRONT_TEXT ||
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

		if (!is_value(value, frontdb->table.order[i].kind)) {
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
	struct pg_arg args[FRONT_ORDER_MAX + 1];
	size_t count = front_table_fill(from, args);
	struct buf sql = {0};

	args[count++] = pg_arg_text(buf_span(&frontdb->bound));
	front_table_print_rows(&frontdb->table, from, &sql);
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
	const char *code = NULL;
	enum err err =
	    front_table_describe(&frontdb->table, frontdb->pg, &code);

	if (code != NULL)
		return fault(frontdb->page, err, code);
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
