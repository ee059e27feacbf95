/*
 * source: an exchange database (前置库) of a department, as an operator
 * describes it.
 *
 * Unknown members are refused.  Pure; any thread.
 */
#ifndef CREDIT_SOURCE_H
#define CREDIT_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/span.h"
#include "credit/member.h"

#define SOURCES_MAX 64
#define SOURCES_TEXT_MAX (1 << 20)
#define SOURCE_NAME_MAX 32
#define SOURCE_KEYS_MAX 3
#define SOURCE_COLUMNS_MAX 200
/* PostgreSQL cuts longer names off. */
#define SOURCE_COLUMN_MAX 63
#define SOURCE_CONNINFO_MAX 4096
#define SOURCE_ROWS_MAX 20000

struct source_column {
	const char *field;  /* as a CSV column would be called */
	const char *column; /* in the department's table */
};

struct source {
	char name[SOURCE_NAME_MAX + 1]; /* a-z, 0-9, - */
	char department[MEMBER_CODE_MAX + 1];
	uint32_t item;
	const char *conninfo; /* libpq's; may hold a password */
	const char *schema, *table;
	/* What rows are ordered by: a column that only grows, then those that
	 * break its ties. */
	const char *order[1 + SOURCE_KEYS_MAX];
	size_t order_count;
	struct source_column *columns;
	size_t column_count; /* 0: every column, under its own name */
	unsigned rows;       /* of one batch */
	unsigned every_seconds;
	unsigned lag_seconds;     /* of a cursor that is a time */
	unsigned settle_seconds;  /* for who has begun and not written */
	unsigned timeout_seconds; /* of one statement */
};

struct sources {
	struct arena *arena; /* owns every text */
	struct source *list;
	size_t count;
};

/* [{"name","department","item","conninfo","table","cursor"} and perhaps "key":
 * [column], "columns": {field: column}, "rows", "every_seconds",
 * "lag_seconds", "settle_seconds", "timeout_seconds"]; names are unique.
 * `why` names the source by its place in the array, never its content. */
MUST_CHECK enum err sources_parse(
    struct span text, struct sources *sources, struct why *why);
void sources_release(struct sources *sources); /* safe on {0} */

#endif
