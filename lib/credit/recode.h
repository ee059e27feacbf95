/*
 * recode: how coarsely each enterprise must be described so that at least k
 * look alike (k-anonymity by local recoding).
 *
 * What others may know of an enterprise places it: all dimensions, and the
 * bands of measures that are made of public fields.  Step by step all are
 * described more coarsely; who is then alike with k - 1 others *who were not
 * taken before* is taken at this step.  So the groups are disjoint: from the
 * finer ones nothing can be subtracted from a coarser one.  It is one recoding
 * for all questions about a population, so that answers laid beside each
 * other tell no more than one.
 * Pure; any thread may read.
 */
#ifndef CREDIT_RECODE_H
#define CREDIT_RECODE_H

#include "credit/population.h"

#define RECODE_STEPS_MAX                                                       \
	(MASK_DIMENSIONS_MAX * MASK_LEVELS_MAX + MASK_MEASURES_MAX + 1)
#define RECODE_NEVER 255 /* too few are like it at every step */

struct recode_step {
	uint8_t levels[MASK_DIMENSIONS_MAX];
	bool hidden[MASK_MEASURES_MAX]; /* of the open measures only */
};

struct recode {
	const struct population *population; /* borrowed */
	struct recode_step steps[RECODE_STEPS_MAX];
	size_t step_count;
	uint8_t *taken; /* by row: its step, or RECODE_NEVER */
};

struct recode *recode_new(const struct population *population);
void recode_free(struct recode *recode); /* safe on NULL */

/* As the row is shown; the row is one that was taken. */
size_t recode_level(const struct recode *recode, size_t row, size_t dimension);
uint64_t recode_code(const struct recode *recode, size_t row, size_t dimension);
/* The band; -1: hidden, or no value is known. */
int recode_band(const struct recode *recode, size_t row, size_t measure);

#endif
