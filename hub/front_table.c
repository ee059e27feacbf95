/*
 * front_table: a department's table, in the SQL that reads it.
 */
#include "hub/front_table.h"

#include <stdio.h>

#include "credit/ndjson.h"

/* A row of more bytes than our reader takes is shown by its beginning. */
#define ROW_SHOWN "1000"
/* Bytes that a row may have, in SQL. */
#define ROW_MAX "1048576"
_Static_assert(NDJSON_LINE_MAX == 1048576, "ROW_MAX");

static enum err
fault(const char **code, const char *word)
{
	*code = word;
	return ERR_DATABASE;
}

/* Numbers, times and texts sort everywhere alike; texts by their bytes. */
static bool
take_type(struct span type, struct front_order *order)
{
	static const struct {
		const char *type;
		enum front_order_kind kind;
	} known[] = {
	    {"smallint", FRONT_NUMBER},
	    {"integer", FRONT_NUMBER},
	    {"bigint", FRONT_NUMBER},
	    {"numeric", FRONT_NUMBER},
	    {"timestamp with time zone", FRONT_TIME},
	    {"timestamp without time zone", FRONT_LOCAL_TIME},
	    {"text", FRONT_TEXT},
	    {"character varying", FRONT_TEXT},
	    {"character", FRONT_TEXT},
	    {"uuid", FRONT_TEXT},
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (span_is(type, known[i].type)) {
			order->kind = known[i].kind;
			snprintf(order->type, sizeof(order->type), "%s",
			    known[i].kind == FRONT_TEXT ? "text"
							: known[i].type);
			return true;
		}
	return false;
}

/* Row `row` of the description is this column. */
static enum err
take_order(
    struct pg *pg, size_t row, struct front_order *order, const char **code)
{
	struct span kind = pg_bytes(pg, row, 3);
	bool stored = span_is(kind, "r") || span_is(kind, "p");

	if (!take_type(pg_bytes(pg, row, 1), order))
		return fault(code, "cursor_type");
	/* A row without a cursor would never be read. */
	if (stored && pg_int(pg, row, 2) == 0)
		return fault(code, "cursor_nullable");
	buf_reset(&order->value);
	/* Qualified: a column of a result may have the same name. */
	buf_text(&order->value, FRONT_ROW ".");
	pg_quote_name(pg, pg_bytes(pg, row, 0), &order->value);
	if (order->kind == FRONT_TEXT)
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
take_orders(struct front_table *table, struct pg *pg, const char **code)
{
	const struct source *source = table->source;
	enum err err = ERR_OK;
	size_t i;

	for (i = 0; i < source->order_count && err == ERR_OK; i++) {
		size_t row = find_column(pg, source->order[i]);

		if (row == pg_rows(pg))
			return fault(code, "column_missing");
		err = take_order(pg, row, &table->order[i], code);
	}
	return err;
}

/* Too long a value makes its row too long; it is not cut off unseen. */
static void
add_field(struct front_table *table, struct pg *pg, struct span field,
    struct span column)
{
	struct buf *names = &table->names, *columns = &table->columns;
	const char *comma = table->fields > 0 ? ", " : "";

	buf_text(names, comma);
	pg_quote_text(pg, field, names);
	buf_print(columns, ", " FRONT_ROW ".");
	pg_quote_name(pg, column, columns);
	buf_print(columns, " AS c%zu", table->fields);
	buf_print(&table->values, "%sleft(c%zu::text, " ROW_MAX " + 1)", comma,
	    table->fields);
	table->fields++;
}

static enum err
take_fields(struct front_table *table, struct pg *pg, const char **code)
{
	const struct source *source = table->source;
	size_t i;

	table->fields = 0;
	buf_reset(&table->names);
	buf_reset(&table->columns);
	buf_reset(&table->values);
	for (i = 0; i < source->column_count; i++) {
		const struct source_column *column = &source->columns[i];

		if (find_column(pg, column->column) == pg_rows(pg))
			return fault(code, "column_missing");
		add_field(
		    table, pg, span_of(column->field), span_of(column->column));
	}
	if (source->column_count > 0)
		return ERR_OK;
	if (pg_rows(pg) > SOURCE_COLUMNS_MAX)
		return fault(code, "too_many_columns");
	for (i = 0; i < pg_rows(pg); i++)
		add_field(table, pg, pg_bytes(pg, i, 0), pg_bytes(pg, i, 0));
	return ERR_OK;
}

/* Is the table there, and what are its columns? */
static enum err
ask_columns(struct front_table *table, struct pg *pg, const char **code)
{
	const struct source *source = table->source;
	struct buf *name = &table->name;

	buf_reset(name);
	pg_quote_name(pg, span_of(source->schema), name);
	buf_char(name, '.');
	pg_quote_name(pg, span_of(source->table), name);
	buf_cstr(name);
	pg_exec(pg,
	    "SELECT a.attname::text,"
	    " coalesce(nullif(t.typbasetype, 0), t.oid)::regtype::text,"
	    " a.attnotnull, c.relkind::text FROM pg_class c"
	    " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
	    " AND NOT a.attisdropped JOIN pg_type t ON t.oid = a.atttypid"
	    " WHERE c.oid = to_regclass($1)"
	    " AND c.relkind IN ('r', 'p', 'v', 'm') ORDER BY a.attnum",
	    pg_arg_text(buf_span(name)));
	if (pg_has_failed(pg))
		return ERR_DATABASE;
	if (pg_rows(pg) == 0)
		return fault(code, "table_missing");
	return ERR_OK;
}

enum err
front_table_describe(
    struct front_table *table, struct pg *pg, const char **code)
{
	enum err err = ask_columns(table, pg, code);

	if (err == ERR_OK)
		err = take_orders(table, pg, code);
	if (err == ERR_OK)
		err = take_fields(table, pg, code);
	buf_cstr(&table->names);
	buf_cstr(&table->columns);
	buf_cstr(&table->values);
	return err;
}

void
front_table_release(struct front_table *table)
{
	size_t i;

	for (i = 0; i < FRONT_ORDER_MAX; i++)
		buf_release(&table->order[i].value);
	buf_release(&table->name);
	buf_release(&table->names);
	buf_release(&table->columns);
	buf_release(&table->values);
}

void
front_table_print_behind(
    const struct front_table *table, const struct place *from, struct buf *sql)
{
	size_t i;

	if (from->count == 0)
		return;
	for (i = 0; i < from->count; i++)
		buf_print(sql, "%s%s", i == 0 ? " AND (" : ", ",
		    table->order[i].value.data);
	for (i = 0; i < from->count; i++)
		buf_print(sql, "%s$%zu::text::%s", i == 0 ? ") > (" : ", ",
		    i + 1, table->order[i].type);
	buf_char(sql, ')');
}

size_t
front_table_fill(const struct place *from, struct pg_arg *args)
{
	size_t i;

	for (i = 0; i < from->count; i++)
		args[i] = pg_arg_text(buf_span(&from->values[i]));
	return from->count;
}

/* A time has to be past for everybody: clocks of a second's resolution give
 * the same one again for as long. */
void
front_table_print_lag(const struct front_table *table, struct buf *sql)
{
	const struct front_order *cursor = &table->order[0];
	const char *now = "pg_catalog.statement_timestamp()";

	if (cursor->kind == FRONT_LOCAL_TIME)
		now = "(pg_catalog.statement_timestamp() AT TIME ZONE (SELECT"
		      " reset_val FROM pg_settings WHERE name = 'TimeZone'))";
	if (cursor->kind == FRONT_TIME || cursor->kind == FRONT_LOCAL_TIME)
		buf_print(sql, " AND %s < %s - interval '%us'",
		    cursor->value.data, now, table->source->lag_seconds);
}

void
front_table_print_rows(
    const struct front_table *table, const struct place *from, struct buf *sql)
{
	size_t count = table->source->order_count, i;

	buf_text(sql, "SELECT ");
	for (i = 0; i < count; i++)
		buf_print(sql, "o%zu::text, ", i);
	buf_text(sql,
	    "octet_length(line) <= " ROW_MAX
	    ", CASE WHEN octet_length(line) <= " ROW_MAX
	    " THEN line ELSE left(line, " ROW_SHOWN ") END FROM (SELECT ");
	for (i = 0; i < count; i++)
		buf_print(sql, "%s%s AS o%zu", i > 0 ? ", " : "",
		    table->order[i].value.data, i);
	buf_print(sql, "%s FROM %s AS " FRONT_ROW " WHERE %s <= $%zu::text::%s",
	    table->columns.data, table->name.data, table->order[0].value.data,
	    from->count + 1, table->order[0].type);
	front_table_print_behind(table, from, sql);
	buf_text(sql, " ORDER BY ");
	for (i = 0; i < count; i++)
		buf_print(sql, "%s%zu", i > 0 ? ", " : "", i + 1);
	buf_print(sql,
	    " LIMIT %u) p, LATERAL (SELECT json_object(ARRAY[%s],"
	    " ARRAY[%s])::text AS line OFFSET 0) j"
	    " ORDER BY ",
	    table->source->rows + 1, table->names.data, table->values.data);
	for (i = 0; i < count; i++)
		buf_print(sql, "%sp.o%zu", i > 0 ? ", " : "", i);
}
