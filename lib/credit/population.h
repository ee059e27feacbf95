/*
 * population: all enterprises that a node holds, a row each, in columns: where
 * they are placed and what is measured of them.
 *
 * Made once from records and then only read: every anonymised answer is about
 * one population, named by its digest.  Current records count; disputed,
 * repaired and withdrawn ones do not.  Pure; any thread may read.
 */
#ifndef CREDIT_POPULATION_H
#define CREDIT_POPULATION_H

#include "base/digest.h"
#include "credit/mask.h"
#include "credit/record.h"
#include "credit/uscc.h"

#define POPULATION_DAY_LEN 10

struct population {
	const struct mask *mask; /* borrowed */
	size_t count;
	char (*subjects)[USCC_LEN + 1];
	uint64_t *places[MASK_DIMENSIONS_MAX]; /* dimension_raw */
	int64_t *values[MASK_MEASURES_MAX];    /* or MASK_UNKNOWN */
};

struct population_maker;

/* `day` ("2026-11-23"): months count back from it.  */
struct population_maker *population_begin(
    const struct mask *mask, const char *day);
/* A subject's records come one behind the other. */
void population_add(struct population_maker *maker, const char *stream,
    const struct record *record);
/* Ends the maker.  NULL `out`: thrown away. */
void population_end(struct population_maker *maker, struct population **out);
void population_free(struct population *population); /* safe on NULL */

#endif
