/*
 * recode: how coarsely each enterprise must be described so that at least k
 * look alike.
 */
#include "credit/recode.h"

#include <string.h>

#include "base/mem.h"

#define FIRST_GROUPS 1024
#define SEED UINT64_C(0x9e3779b97f4a7c15)

/* Open addressing by the description's hash.  Two descriptions with one hash
 * of 64 bits would count as one: among 10^7 enterprises less likely than one
 * in 10^5. */
struct group {
	uint64_t hash;
	size_t count;
};

struct groups {
	struct group *slots;
	size_t size; /* a power of two, more than twice `used` */
	size_t used;
};

static uint64_t
mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0xff51afd7ed558ccd);
	hash ^= hash >> 32;
	hash *= UINT64_C(0xc4ceb9fe1a85ec53);
	return hash ^ hash >> 29;
}

static uint64_t
describe(
    const struct recode *recode, const struct recode_step *step, size_t row)
{
	const struct population *population = recode->population;
	const struct mask *mask = population->mask;
	const struct measure *measure;
	uint64_t hash = SEED;
	int64_t value;
	size_t i;

	for (i = 0; i < mask->dimension_count; i++)
		hash = mix(
		    hash, dimension_code(&mask->dimensions[i], step->levels[i],
			      population_place(population, i, row)));
	for (i = 0; i < mask->measure_count; i++) {
		measure = &mask->measures[i];
		if (!measure->is_open || step->hidden[i])
			continue;
		value = population_value(population, i, row);
		hash = mix(hash, value == MASK_UNKNOWN
				     ? UINT64_MAX
				     : bands_index(&measure->bands, value));
	}
	return hash == 0 ? SEED : hash;
}

/* The group, or the free slot where it belongs. */
static struct group *
groups_find(const struct groups *groups, uint64_t hash)
{
	size_t i = (size_t)hash & (groups->size - 1);

	while (groups->slots[i].hash != 0 && groups->slots[i].hash != hash)
		i = (i + 1) & (groups->size - 1);
	return &groups->slots[i];
}

/* Most enterprises are alike: there is room for the groups that there are. */
static void
groups_grow(struct groups *groups)
{
	struct groups before = *groups;
	size_t i;

	groups->size *= 2;
	groups->slots = mem_new(groups->size * sizeof(*groups->slots));
	for (i = 0; i < before.size; i++)
		if (before.slots[i].hash != 0)
			*groups_find(groups, before.slots[i].hash) =
			    before.slots[i];
	mem_free(before.slots);
}

static void
groups_count(struct groups *groups, uint64_t hash)
{
	struct group *group = groups_find(groups, hash);

	if (group->hash == 0) {
		group->hash = hash;
		groups->used++;
	}
	group->count++;
	if (groups->used > groups->size / 2)
		groups_grow(groups);
}

static void
take_step(struct recode *recode, struct groups *groups, size_t number)
{
	const struct population *population = recode->population;
	const struct recode_step *step = &recode->steps[number];
	size_t row;

	memset(groups->slots, 0, groups->size * sizeof(*groups->slots));
	groups->used = 0;
	for (row = 0; row < population->count; row++)
		if (recode->taken[row] == RECODE_NEVER)
			groups_count(groups, describe(recode, step, row));
	for (row = 0; row < population->count; row++)
		if (recode->taken[row] == RECODE_NEVER &&
		    groups_find(groups, describe(recode, step, row))->count >=
			population->mask->k)
			recode->taken[row] = (uint8_t)number;
}

/* First the bands are left out, the last declared first; then the dimension
 * that is still finest is made coarser, again the last declared first.
 * False: everything is left out. */
static bool
make_coarser(const struct mask *mask, struct recode_step *step)
{
	size_t i, finest = mask->dimension_count;

	for (i = mask->measure_count; i > 0; i--) {
		if (mask->measures[i - 1].is_open && !step->hidden[i - 1]) {
			step->hidden[i - 1] = true;
			return true;
		}
	}
	for (i = 0; i < mask->dimension_count; i++) {
		if (step->levels[i] >= mask->dimensions[i].level_count)
			continue;
		if (finest == mask->dimension_count ||
		    step->levels[i] <= step->levels[finest])
			finest = i;
	}
	if (finest == mask->dimension_count)
		return false;
	step->levels[finest]++;
	return true;
}

static void
plan_steps(struct recode *recode)
{
	const struct mask *mask = recode->population->mask;
	struct recode_step step = {0};

	do {
		recode->steps[recode->step_count++] = step;
	} while (make_coarser(mask, &step));
}

struct recode *
recode_new(const struct population *population)
{
	struct recode *recode = mem_new(sizeof(*recode));
	struct groups groups = {.size = FIRST_GROUPS};
	size_t i;

	recode->population = population;
	recode->taken = mem_new(population->count + 1);
	memset(recode->taken, RECODE_NEVER, population->count);
	plan_steps(recode);
	groups.slots = mem_new(groups.size * sizeof(*groups.slots));
	for (i = 0; i < recode->step_count; i++)
		take_step(recode, &groups, i);
	mem_free(groups.slots);
	return recode;
}

void
recode_free(struct recode *recode)
{
	if (recode == NULL)
		return;
	mem_free(recode->taken);
	mem_free(recode);
}

size_t
recode_level(const struct recode *recode, size_t row, size_t dimension)
{
	return recode->steps[recode->taken[row]].levels[dimension];
}

uint64_t
recode_code(const struct recode *recode, size_t row, size_t dimension)
{
	const struct population *population = recode->population;

	return dimension_code(&population->mask->dimensions[dimension],
	    recode_level(recode, row, dimension),
	    population_place(population, dimension, row));
}

int
recode_band(const struct recode *recode, size_t row, size_t measure)
{
	const struct population *population = recode->population;
	int64_t value = population_value(population, measure, row);

	if (value == MASK_UNKNOWN ||
	    recode->steps[recode->taken[row]].hidden[measure])
		return -1;
	return (int)bands_index(
	    &population->mask->measures[measure].bands, value);
}
