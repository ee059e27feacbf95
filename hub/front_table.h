/*
 * front_table: a department's table, in the SQL that reads it.
 *
 * The table may hold anything: names are quoted, columns that rows are
 * ordered by sort everywhere alike, and a row is bounded by the database
 * before it travels.
 * Prints statements; runs one only, which asks what columns there are.
 * One thread each.
 */
#ifndef HUB_FRONT_TABLE_H
#define HUB_FRONT_TABLE_H

#include "hub/place.h"

/* The table inside statements. */
#define FRONT_ROW "\"the row\""
#define FRONT_ORDER_MAX (1 + SOURCE_KEYS_MAX)

enum front_order_kind {
	FRONT_NUMBER,
	FRONT_TEXT,
	FRONT_TIME,
	FRONT_LOCAL_TIME
};

/* A column that rows are ordered by: cursor, then keys. */
struct front_order {
	struct buf value; /* SQL: the column, so that it sorts as we say */
	char type[40];    /* to which a text is cast to be compared with it */
	enum front_order_kind kind;
};

struct front_table {
	const struct source *source;
	struct buf name; /* SQL */
	struct front_order order[FRONT_ORDER_MAX];
	/* SQL of the fields: their names, the columns AS c0 …, the texts */
	struct buf names, columns, values;
	size_t fields;
};

/* What is there now, in a transaction.  On failure `code` is a word for the
 * operator, or as it was when the database failed itself. */
MUST_CHECK enum err front_table_describe(
    struct front_table *table, struct pg *pg, const char **code);
void front_table_release(struct front_table *table); /* safe on {0} */
/* AND (cursor, key) > ($1, $2), with a parameter for each, whose values are
 * put into `args` by the second; without a place yet, no condition. */
void front_table_print_behind(
    const struct front_table *table, const struct place *from, struct buf *sql);
size_t front_table_fill(const struct place *from, struct pg_arg *args);
/* AND the cursor, if it is a time, lies far enough in the past. */
void front_table_print_lag(const struct front_table *table, struct buf *sql);
/* The rows behind `from` up to a bound, the parameter after those of `from`.
 * Columns: cursor and key as text, is it whole, the row as JSON; a row that
 * is not whole is shown by its beginning.  One row more than the source's
 * number.  The JSON is made of those rows only that are. */
void front_table_print_rows(
    const struct front_table *table, const struct place *from, struct buf *sql);

#endif
