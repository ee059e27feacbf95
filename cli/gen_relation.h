/*
 * gen_relation: how values of one synthetic row go together.
 *
 * The catalogue says what a field is; that taxes are paid after they fall
 * due and a fine belongs to a penalty of the kind "fine" is the generator's
 * to know.  The table names fields per item; those that a catalogue does not
 * have are skipped.
 */
#ifndef CLI_GEN_RELATION_H
#define CLI_GEN_RELATION_H

#include <stdbool.h>
#include <stdint.h>

enum relation_kind {
	RELATE_END,
	/* Amounts.  A basis below zero is taken over as it is. */
	RELATE_SHARE,   /* low to high thousandths of `by` */
	RELATE_PAID,    /* `by`; in `low` of 100 rows only a part of it */
	RELATE_LESS,    /* `by` minus `other` */
	RELATE_PERCENT, /* `other` percent of `by` */
	RELATE_RATE, /* thousandths of `by` by code `other`: "vat:60,deed:30" */
	RELATE_RATIO,   /* `by` in percent of `other` */
	RELATE_RANGE,   /* low to high */
	RELATE_COUNT,   /* low to high when `by` is more than 0, else 0 */
	RELATE_NONE,    /* 0 when `by` is there */
	RELATE_SCORE,   /* of 100, steady but for a little */
	RELATE_HOLDING, /* a holder's percentage: an enterprise's make 100 */
	/* Dates; the end of `by` when that is a month or a year. */
	RELATE_AFTER, /* low to high days after `by` */
	RELATE_YEARS, /* the day before low to high years after `by` */
	RELATE_SAME,  /* as `by`; one less when `other` is more than 0 */
	RELATE_YEAR,  /* the year of `by` */
	RELATE_STAMP, /* documents carry the year of this date */
	/* Codes: one of `words`, or of `otherwise` (NULL: as it is). */
	RELATE_CODE,
	RELATE_IF_PAST, /* `by` is before today */
	RELATE_IF_HAS,  /* `by` is there */
	RELATE_IF_MORE, /* `by` is more than `low` */
	RELATE_BAND,    /* words in steps of score `by`: "A:90,B:70,C:0" */
	RELATE_DIFFERS, /* is not there when it says the same as `by` */
	RELATE_SPREAD,  /* a key code does not begin with the list's first */
	/* Booleans. */
	RELATE_IS,     /* code `by` is one of `words` */
	RELATE_TELLS,  /* `by` is there */
	RELATE_WITHIN, /* `by` is at most `low` days after `other` */
	RELATE_CHANCE, /* in `low` of 100 rows */
	/* What is there. */
	RELATE_ONLY,   /* exactly when code `by` is one of `words` */
	RELATE_WITH,   /* only when `by` is */
	RELATE_WHEN,   /* only when `by` is more than 0, or true */
	RELATE_SELDOM, /* in `low` of 100 rows */
	RELATE_SAYS,   /* a text: the name of code `by` */
	RELATE_ROWS    /* an enterprise has `low` rows */
};

struct relation {
	uint16_t first, last; /* items */
	enum relation_kind kind;
	bool steady; /* the same in every row of an enterprise */
	/* Fields; "@staff", "@turnover" (of a year), "@month" (a twelfth),
	 * "@capital", "@established", "@today" are the enterprise's own. */
	const char *field, *by, *other;
	int low, high;
	const char *words, *otherwise;
};

/* Ends with RELATE_END; in the order in which they are applied. */
const struct relation *relations(void);

#endif
