/*
 * mask: how credit data is made anonymous: thresholds, noise, and what may be
 * asked (the catalogue's section "anonymisation", docs/CATALOGUE.md).
 *
 * A dimension places an enterprise (division, industry, size) at one of its
 * levels, the finest first; behind the last level is "*", which tells nothing.
 * A measure is one whole number an enterprise (a count, an amount in yuan, a
 * percentage), shown only as the band it lies in or in sums over many.
 * Part of a catalogue, never changed.  Pure; any thread.
 */
#ifndef CREDIT_MASK_H
#define CREDIT_MASK_H

#include "credit/catalog.h"

#define MASK_DIMENSIONS_MAX 4
#define MASK_LEVELS_MAX 4
#define MASK_MEASURES_MAX 24
#define MASK_EDGES_MAX 24
#define MASK_PREFIX_MAX 6 /* bytes of a code that a level keeps */
#define MASK_LABEL_MAX 40 /* with its end */
#define MASK_VALUE_MAX INT64_C(1000000000000) /* of an edge, either way */
#define MASK_UNKNOWN INT64_MIN                /* no value is known */

enum measure_kind {
	MEASURE_COUNT,  /* records of the item */
	MEASURE_FLAG,   /* is there one: 0 or 1 */
	MEASURE_NEWEST, /* the field in the newest record */
	MEASURE_SUM,    /* the field over records */
	MEASURE_RATIO   /* percent of two fields of the newest record */
};

/* Edges ascend: value < edges[0] is band 0, value >= the last one is the last
 * band. */
struct bands {
	const int64_t *edges;
	size_t count;
};

struct dimension {
	const char *name, *zh, *en;
	const struct item *item;   /* NULL: the subject's stream */
	const struct field *field; /* NULL: the same */
	size_t level_count;
	bool banded; /* else levels are prefixes of a code */
	size_t prefixes[MASK_LEVELS_MAX];
	struct bands bands[MASK_LEVELS_MAX];
};

struct measure {
	const char *name, *zh, *en;
	enum measure_kind kind;
	const struct item *item;
	const struct field *field; /* newest, sum, ratio */
	const struct field *over;  /* ratio */
	const struct field
	    *date;       /* what `months` and "newest" go by; or NULL */
	unsigned months; /* only records of the last …; 0: all */
	struct bands bands;
	/* Made of public fields only: others may know it, so that it could
	 * tell who an enterprise is. */
	bool is_open;
};

struct mask {
	unsigned k;                    /* enterprises that hide one */
	unsigned largest, two_largest; /* percent of a sum: dominated above */
	uint32_t epsilon_milli;        /* of one published grouping */
	uint32_t budget_milli;         /* epsilon of a member in a period */
	unsigned period_days;
	unsigned screenings;      /* different ones of a member in a period */
	unsigned refresh_minutes; /* between two looks at the population */
	struct dimension dimensions[MASK_DIMENSIONS_MAX];
	size_t dimension_count;
	struct measure measures[MASK_MEASURES_MAX];
	size_t measure_count;
};

/* NULL: this catalogue allows no anonymised answers. */
const struct mask *catalog_mask(const struct catalog *catalog);
/* Index, or -1. */
int mask_find_dimension(const struct mask *mask, struct span name);
int mask_find_measure(const struct mask *mask, struct span name);

/* A dimension's value as one number, from which every level's code is made.
 * 0: unknown. */
uint64_t dimension_raw(const struct dimension *dimension, struct span text);
/* The code at a level; at level_count and above 0. */
uint64_t dimension_code(
    const struct dimension *dimension, size_t level, uint64_t raw);
/* "C34", "10-99", "?" (unknown), "*".  Returns `out`. */
const char *dimension_label(const struct dimension *dimension, size_t level,
    uint64_t code, char out[MASK_LABEL_MAX]);
/* The level and code with this label, the finest first; false: none. */
bool dimension_find(const struct dimension *dimension, struct span label,
    size_t *level, uint64_t *code);

/* 0 … count. */
size_t bands_index(const struct bands *bands, int64_t value);
/* "<10", "10-99", "300+".  Returns `out`. */
const char *bands_label(
    const struct bands *bands, size_t index, char out[MASK_LABEL_MAX]);
/* The canonical number's whole part, within ±MASK_VALUE_MAX; MASK_UNKNOWN
 * when it is none. */
int64_t mask_number(struct span text);
/* Nothing beyond the outer edges (and 0) enters a sum: `value` cut so, and
 * how much one enterprise can move such a sum. */
int64_t measure_cut(const struct measure *measure, int64_t value);
uint64_t measure_reach(const struct measure *measure);

#endif
