/*
 * gen_value: the cells of synthetic rows.
 *
 * A plan says for each field of an item how its values are made; which is
 * decided once, from the field's type and name.  One thread per plan.
 */
#ifndef CLI_GEN_VALUE_H
#define CLI_GEN_VALUE_H

#include <stdbool.h>

#include "cli/gen_relation.h"
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
	DIRT_RETENTION, /* in its column like a date */
	DIRT_COUNT
};

enum maker {
	MAKE_NAME,
	MAKE_PERSON,
	MAKE_REPRESENTATIVE,
	MAKE_HOLDER,
	MAKE_BANK,
	MAKE_COMPANY,
	MAKE_AUTHORITY,
	MAKE_SUPPLIER,
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
	MAKE_ENTRY, /* a serial that stays its subject's */
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
	MAKE_USCC,
	MAKE_BODY_USCC
};

struct column {
	const struct field *field;
	enum maker maker;
	bool in_key;
	bool spread;              /* RELATE_SPREAD */
	int dirt;                 /* the dirt that hits this column; -1: none */
	int says;                 /* RELATE_SAYS: that column; -1: none */
	const char *const *words; /* MAKE_PHRASE */
	uint32_t word_count;
};

/* What is known of an enterprise stands behind the columns of its row, so
 * that relations need not tell them apart. */
enum figure {
	FIGURE_NOTHING = CATALOG_FIELDS_MAX,
	FIGURE_STAFF,
	FIGURE_TURNOVER,
	FIGURE_MONTH,
	FIGURE_CAPITAL,
	FIGURE_ESTABLISHED,
	FIGURE_TODAY,
	DRAFTS
};

#define PICKS_MAX 16

/* A relation of the plan's item; numbers are those of drafts. */
struct bond {
	const struct relation *relation;
	unsigned field, by, other;
	uint8_t picks[2][PICKS_MAX]; /* codes of words and otherwise */
	uint32_t pick_counts[2];
	int64_t steps[PICKS_MAX]; /* RELATE_BAND: scores, in hundredths */
	uint64_t codes;           /* words as codes of `by`, a bit each */
};

#define BONDS_MAX 48

struct plan {
	const struct item *item;
	const struct places *places;
	uint64_t seed;
	int64_t today; /* days since 1970 */
	struct column columns[CATALOG_FIELDS_MAX];
	size_t count;
	struct bond bonds[BONDS_MAX];
	size_t bond_count;
	bool of_people;       /* each row is about another person */
	int stamp;            /* the column of RELATE_STAMP; -1: none */
	int end;              /* the column that retention counts from */
	int64_t past;         /* the last day whose years are over */
	unsigned per_subject; /* rows of one subject */
	const char *bureau;   /* NULL: any */
};

/* A value before it is written: days, months since year 0, a year, a code's
 * place in its list, 0 or 1; whole numbers as they are, others and money in
 * hundredths.  What is not shown has a value too, so that the others stay
 * true to it. */
struct draft {
	int64_t value;
	bool shown;
};

/* One row while it is made. */
struct row {
	const struct subject *subject;
	uint64_t index; /* of the row */
	uint64_t nth;   /* among the subject's rows */
	uint64_t left;  /* of nth, for the key cells to come */
	uint64_t taken; /* of nth, by the key cells so far */
	uint32_t dirty; /* bit per enum dirt */
	uint32_t bureau;
	struct dice dice;
	struct draft drafts[DRAFTS];
};

void plan_init(struct plan *plan, const struct item *item);
/* Find the item's relations; the last step of plan_init. */
void plan_bind(struct plan *plan);
/* Draw all values of a row, then make them agree. */
void plan_draft(const struct plan *plan, struct row *row);
void plan_agree(const struct plan *plan, struct row *row);
/* Append the cell; nothing for an absent value. */
void plan_cell(const struct plan *plan, const struct column *column,
    struct row *row, struct pen *pen);
/* Append what the column's dirt looks like. */
void plan_dirt(
    const struct plan *plan, const struct column *column, struct pen *pen);
/* Append the subject's code, made dirty as the row says. */
void plan_uscc(const struct row *row, struct pen *pen);
void pen_date(struct pen *pen, int64_t days);

struct civil {
	unsigned year, month, day;
};

struct civil civil_of(int64_t days);
int64_t civil_days(struct civil civil);

#endif
