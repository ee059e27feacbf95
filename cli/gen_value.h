/*
 * gen_value: the cells of synthetic rows.
 *
 * A plan says for each field of an item how its values are made; which is
 * decided once, from the field's type and name.  One thread per plan.
 */
#ifndef CLI_GEN_VALUE_H
#define CLI_GEN_VALUE_H

#include <stdbool.h>

#include "cli/gen_subject.h"
#include "cli/gen_words.h"

#define CELL_ROOM ((size_t)9 << 10) /* no cell is longer */

enum dirt {
	DIRT_USCC,
	DIRT_USCC_LENGTH,
	DIRT_USCC_OLD,
	DIRT_USCC_CHARACTER,
	DIRT_USCC_PROVINCE,
	DIRT_DATE,
	DIRT_NUMBER,
	DIRT_CODE,
	DIRT_REQUIRED,
	DIRT_TOO_LONG,
	DIRT_COLUMNS,
	DIRT_JSON,
	DIRT_DUPLICATE,
	DIRT_FULL_WIDTH,
	DIRT_MISSING,
	DIRT_COUNT
};

enum maker {
	MAKE_NAME,
	MAKE_PERSON,
	MAKE_HOLDER,
	MAKE_BANK,
	MAKE_COMPANY,
	MAKE_AUTHORITY,
	MAKE_COURT,
	MAKE_ADDRESS,
	MAKE_SCOPE,
	MAKE_INDUSTRY,
	MAKE_PROVINCE,
	MAKE_CITY,
	MAKE_DIVISION,
	MAKE_POSTCODE,
	MAKE_PHONE,
	MAKE_EMAIL,
	MAKE_WEBSITE,
	MAKE_HASH,
	MAKE_ACCOUNT,
	MAKE_CASE,
	MAKE_DOCUMENT,
	MAKE_SERIAL,
	MAKE_COUNTRY,
	MAKE_ENTITY_TYPE,
	MAKE_MATTER,
	MAKE_PHRASE,
	MAKE_CODE,
	MAKE_CODE_FIRST, /* mostly the list's first: in force, active */
	MAKE_DATE_PAST,
	MAKE_DATE_AHEAD,
	MAKE_DATE_END, /* of bad information: mostly not yet */
	MAKE_MONTH,
	MAKE_YEAR,
	MAKE_INTEGER,
	MAKE_PERCENT,
	MAKE_DECIMAL,
	MAKE_MONEY,
	MAKE_CAPITAL,
	MAKE_ARREARS, /* mostly nothing */
	MAKE_NOTHING, /* said by another column */
	MAKE_BOOLEAN,
	MAKE_USCC
};

struct column {
	const struct field *field;
	enum maker maker;
	bool in_key;
	bool is_small;            /* fines and the like: at most 50 (万元) */
	int dirt;                 /* the dirt that hits this column; -1: none */
	const char *const *words; /* MAKE_PHRASE */
	uint32_t word_count;
};

struct plan {
	const struct item *item;
	const struct places *places;
	uint64_t seed;
	int64_t today; /* days since 1970 */
	struct column columns[CATALOG_FIELDS_MAX];
	size_t count;
	unsigned per_subject; /* rows of one subject */
	const char *bureau;   /* NULL: any */
};

/* One row while it is made. */
struct row {
	const struct subject *subject;
	uint64_t index; /* of the row */
	uint64_t nth;   /* among the subject's rows; divided up by key cells */
	uint32_t dirty; /* bit per enum dirt */
	struct dice dice;
};

void plan_init(struct plan *plan, const struct item *item);
/* Append the cell; nothing for an absent value. */
void plan_cell(const struct plan *plan, const struct column *column,
    struct row *row, struct pen *pen);
/* Append what the column's dirt looks like. */
void plan_dirt(const struct column *column, struct pen *pen);
/* Append the subject's code, made dirty as the row says. */
void plan_uscc(const struct row *row, struct pen *pen);
void pen_date(struct pen *pen, int64_t days);

#endif
