/*
 * statistic: counts, sums and medians over a population, level A.
 *
 * Cells stand at declared levels only.  A cell of fewer than k enterprises, or
 * one that few of them dominate, is hidden, with others so that it cannot be
 * computed; every other cell has discrete Laplace noise that belongs to the
 * cell and the population, not to the question or its asker: whoever asks in
 * whatever words gets the same number, so that averaging tells nothing.
 * Pure; any thread.
 */
#ifndef CREDIT_STATISTIC_H
#define CREDIT_STATISTIC_H

#include "base/json.h"
#include "credit/population.h"
#include "credit/purpose.h"

#define STATISTIC_MAX 4096       /* bytes of the JSON */
#define STATISTIC_CELLS_MAX 2000 /* totals included */
#define STATISTIC_BY_MAX 2

enum statistic_kind {
	STATISTIC_COUNT, /* enterprises; with a measure: those that have it */
	STATISTIC_SUM,
	STATISTIC_MEDIAN /* the band it lies in */
};

/* At one level of one dimension. */
struct place {
	size_t dimension, level;
	uint64_t code;
};

struct statistic {
	enum purpose purpose;
	enum statistic_kind kind;
	int measure;                       /* -1: none */
	struct place by[STATISTIC_BY_MAX]; /* ascending; code unused */
	size_t by_count;
	struct place where[MASK_DIMENSIONS_MAX];
	size_t where_count;
};

/* {"purpose","statistic","measure","by":["division","industry/1"],
 * "where":{"industry":"C"}}: the number behind a dimension's name is its level,
 * 0 the finest.  The first two are required, but for counts a measure too. */
MUST_CHECK enum err statistic_parse(struct span json, const struct mask *mask,
    struct statistic *statistic, struct why *why);
const char *statistic_kind_name(enum statistic_kind kind);
/* The same question about the same population has the same digest. */
struct digest statistic_digest(const struct statistic *statistic,
    const struct mask *mask, const struct digest *population);
/* Epsilon, in thousandths: once for each set of disjoint cells. */
uint32_t statistic_cost(
    const struct statistic *statistic, const struct mask *mask);

/* What keys the noise. */
struct noise_source {
	struct span key;
	struct digest population;
};
/* Adds members "statistic", "measure", "by", "where", "noise" and "cells" to
 * the open object.  ERR_LIMIT: more cells than STATISTIC_CELLS_MAX. */
MUST_CHECK enum err statistic_answer(const struct statistic *statistic,
    const struct population *population, const struct noise_source *source,
    struct json_out *out);

#endif
