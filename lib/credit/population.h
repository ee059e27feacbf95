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
#include "credit/column.h"
#include "credit/mask.h"
#include "credit/record.h"
#include "credit/uscc.h"

#define POPULATION_DAY_LEN 10

struct population {
	const struct mask *mask; /* borrowed */
	size_t count;
	char (*subjects)[USCC_LEN + 1];
	struct column *places[MASK_DIMENSIONS_MAX]; /* dimension_raw */
	struct column *values[MASK_MEASURES_MAX];   /* or MASK_UNKNOWN */
};

/* dimension_raw; the value, or MASK_UNKNOWN. */
uint64_t population_place(
    const struct population *population, size_t dimension, size_t row);
int64_t population_value(
    const struct population *population, size_t measure, size_t row);
/* Bytes of memory. */
size_t population_size(const struct population *population);

struct population_maker;

/* `day` ("2026-11-23"): months count back from it.  */
struct population_maker *population_begin(
    const struct mask *mask, const char *day);
/* A subject's records come one behind the other. */
void population_add(struct population_maker *maker, const char *stream,
    const struct record *record);
/* Of what is made so far. */
size_t population_made_size(const struct population_maker *maker);
/* Ends the maker.  NULL `out`: thrown away. */
void population_end(struct population_maker *maker, struct population **out);
void population_free(struct population *population); /* safe on NULL */

#endif
