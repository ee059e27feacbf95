/*
 * statistic_table: the cells of a statistic: counted, hidden, made noisy,
 * printed.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "credit/noise.h"
#include "credit/statistic.h"
#include "credit/suppress.h"

#define MEDIAN_BANDS (MASK_EDGES_MAX + 1)

struct cell {
	uint64_t count;         /* enterprises that enter it */
	int64_t sum;            /* of what they enter */
	uint64_t weight;        /* the same without signs */
	uint64_t first, second; /* the two largest of these */
	uint32_t *bands;        /* medians: enterprises by band */
};

/* The codes of one dimension that is tabulated. */
struct axis {
	struct place by;
	uint64_t *codes; /* ascending */
	size_t count;
};

struct table {
	const struct statistic *statistic;
	const struct population *population;
	const struct mask *mask;
	const struct measure *measure;      /* NULL: none is asked for */
	struct axis axes[STATISTIC_BY_MAX]; /* rows, columns */
	size_t rows, columns;               /* totals included */
	struct arena *arena;
	struct cell *cells;
	bool *hidden;
};

static bool
fits(const struct table *table, size_t row)
{
	const struct statistic *statistic = table->statistic;
	const struct place *place;
	size_t i;

	for (i = 0; i < statistic->where_count; i++) {
		place = &statistic->where[i];
		if (dimension_code(&table->mask->dimensions[place->dimension],
			place->level,
			population_place(table->population, place->dimension,
			    row)) != place->code)
			return false;
	}
	return true;
}

static uint64_t
code_of(const struct table *table, const struct place *by, size_t row)
{
	return dimension_code(&table->mask->dimensions[by->dimension],
	    by->level, population_place(table->population, by->dimension, row));
}

/* Where the code stands, or would. */
static size_t
axis_index(const struct axis *axis, uint64_t code)
{
	size_t low = 0, high = axis->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (axis->codes[middle] < code)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Does the code lie within what `where` says of the same dimension? */
static bool
is_asked(const struct table *table, const struct place *by, size_t row)
{
	const struct statistic *statistic = table->statistic;
	const struct place *place;
	size_t i;

	for (i = 0; i < statistic->where_count; i++) {
		place = &statistic->where[i];
		if (place->dimension == by->dimension &&
		    code_of(table, place, row) != place->code)
			return false;
	}
	return true;
}

/* All codes of the whole population, whether or not an enterprise of this
 * table has them: an empty cell must look like a small one. */
static bool
find_codes(struct table *table, struct axis *axis, size_t max)
{
	size_t row, at;
	uint64_t code;

	axis->codes =
	    arena_take(table->arena, (max + 1) * sizeof(*axis->codes));
	for (row = 0; row < table->population->count; row++) {
		if (!is_asked(table, &axis->by, row))
			continue;
		code = code_of(table, &axis->by, row);
		at = axis_index(axis, code);
		if (at < axis->count && axis->codes[at] == code)
			continue;
		if (axis->count == max)
			return false;
		memmove(&axis->codes[at + 1], &axis->codes[at],
		    (axis->count - at) * sizeof(*axis->codes));
		axis->codes[at] = code;
		axis->count++;
	}
	return true;
}

/* Columns first: a list is one row.  A total stands behind what it sums. */
static bool
lay_out(struct table *table)
{
	const struct statistic *statistic = table->statistic;
	struct axis *columns = &table->axes[0], *rows = &table->axes[1];

	table->rows = table->columns = 1;
	if (statistic->by_count > 0) {
		columns->by = statistic->by[statistic->by_count - 1];
		if (!find_codes(table, columns, STATISTIC_CELLS_MAX))
			return false;
		table->columns = columns->count + 1;
	}
	if (statistic->by_count > 1) {
		rows->by = statistic->by[0];
		if (!find_codes(table, rows, STATISTIC_CELLS_MAX))
			return false;
		table->rows = rows->count + 1;
	}
	return table->rows * table->columns <= STATISTIC_CELLS_MAX;
}

static void
take_cells(struct table *table)
{
	size_t i, count = table->rows * table->columns;

	table->cells = arena_take(table->arena, count * sizeof(*table->cells));
	table->hidden = arena_take(table->arena, count);
	for (i = 0; table->statistic->kind == STATISTIC_MEDIAN && i < count;
	     i++)
		table->cells[i].bands = arena_take(table->arena,
		    MEDIAN_BANDS * sizeof(*table->cells[i].bands));
}

static void
cell_add(struct cell *cell, const struct table *table, int64_t value)
{
	uint64_t weight = (uint64_t)(value < 0 ? -value : value);

	cell->count++;
	cell->sum += value;
	cell->weight += weight;
	if (weight > cell->first) {
		cell->second = cell->first;
		cell->first = weight;
	} else if (weight > cell->second) {
		cell->second = weight;
	}
	if (cell->bands != NULL)
		cell->bands[bands_index(&table->measure->bands, value)]++;
}

/* Who has nothing of what is counted or summed does not enter. */
static bool
enters(const struct table *table, size_t row, int64_t *value)
{
	*value = 1;
	if (table->measure == NULL)
		return true;
	*value = population_value(
	    table->population, (size_t)table->statistic->measure, row);
	if (*value == MASK_UNKNOWN)
		return false;
	if (table->statistic->kind == STATISTIC_MEDIAN)
		return true;
	if (table->statistic->kind == STATISTIC_SUM) {
		*value = measure_cut(table->measure, *value);
		return *value != 0;
	}
	return *value != 0 || table->measure->kind > MEASURE_FLAG;
}

static void
add_row(struct table *table, size_t row)
{
	size_t r = 0, c = 0, columns = table->columns, i;
	size_t cells[4], count = 1;
	int64_t value;

	if (!fits(table, row) || !enters(table, row, &value))
		return;
	if (table->statistic->by_count > 0)
		c = axis_index(
		    &table->axes[0], code_of(table, &table->axes[0].by, row));
	if (table->statistic->by_count > 1)
		r = axis_index(
		    &table->axes[1], code_of(table, &table->axes[1].by, row));
	cells[0] = r * columns + c;
	if (columns > 1)
		cells[count++] = r * columns + columns - 1;
	if (table->rows > 1) {
		cells[count++] = (table->rows - 1) * columns + c;
		cells[count++] = table->rows * columns - 1;
	}
	for (i = 0; i < count; i++)
		cell_add(&table->cells[cells[i]], table, value);
}

/* The (1, n %) and (2, m %) rules, for amounts. */
static bool
is_dominated(const struct table *table, const struct cell *cell)
{
	uint64_t hundredth = cell->weight / 100 + 1;

	if (table->statistic->kind != STATISTIC_SUM)
		return false;
	return cell->first / hundredth > table->mask->largest ||
	       (cell->first + cell->second) / hundredth >
		   table->mask->two_largest;
}

static void
hide(struct table *table)
{
	size_t i, count = table->rows * table->columns;
	uint64_t *counts = arena_take(table->arena, count * sizeof(*counts));
	struct suppress suppress = {
	    table->rows, table->columns, counts, table->hidden, table->mask->k};

	for (i = 0; i < count; i++) {
		counts[i] = table->cells[i].count;
		table->hidden[i] = counts[i] < table->mask->k ||
				   is_dominated(table, &table->cells[i]);
	}
	if (table->mask->k > 1)
		suppress_complete(&suppress);
}

/* What is said of a dimension at this cell; NULL: nothing. */
static const struct place *
said_of(const struct table *table, size_t dimension, const size_t at[2],
    struct place *place)
{
	const struct statistic *statistic = table->statistic;
	const struct axis *axis;
	size_t i;

	for (i = 0; i < statistic->by_count; i++) {
		axis = &table->axes[i];
		if (axis->by.dimension != dimension || at[i] == axis->count)
			continue;
		*place = axis->by;
		place->code = axis->codes[at[i]];
		return place;
	}
	for (i = 0; i < statistic->where_count; i++) {
		if (statistic->where[i].dimension == dimension)
			return &statistic->where[i];
	}
	return NULL;
}

static void
begin_noise(const struct table *table, const struct noise_source *source,
    const size_t at[2], struct noise *noise)
{
	const struct place *place;
	struct place room;
	struct buf bytes = {0};
	size_t i;

	buf_text(&bytes, "RXN1");
	buf_add(&bytes, source->population.bytes, DIGEST_LEN);
	buf_u16(&bytes, (uint16_t)table->statistic->kind);
	buf_u16(&bytes, (uint16_t)(table->statistic->measure + 1));
	for (i = 0; i < table->mask->dimension_count; i++) {
		place = said_of(table, i, at, &room);
		buf_u16(&bytes,
		    (uint16_t)(place != NULL ? place->level : MASK_LEVELS_MAX));
		buf_u64(&bytes, place != NULL ? place->code : 0);
	}
	noise_init(noise, source->key, buf_span(&bytes));
	buf_release(&bytes);
}

/* The exponential mechanism: how far a band is from holding the median counts
 * against it.  One enterprise moves that distance by one. */
static size_t
noisy_median(
    const struct table *table, const struct cell *cell, struct noise *noise)
{
	uint64_t below[MEDIAN_BANDS + 1] = {0}, far, low, high;
	size_t i, count;

	assert(table->measure != NULL);
	count = table->measure->bands.count + 1;
	for (i = 0; i < count; i++)
		below[i + 1] = below[i] + cell->bands[i];
	for (;;) {
		i = (size_t)noise_below(noise, count);
		low = 2 * below[i];
		high = 2 * below[i + 1];
		far = low > cell->count ? low - cell->count : 0;
		if (high < cell->count)
			far = cell->count - high;
		if (noise_chance(noise, far * table->mask->epsilon_milli, 2000))
			return i;
	}
}

static uint64_t
reach_of(const struct table *table)
{
	return table->statistic->kind == STATISTIC_SUM
		   ? measure_reach(table->measure)
		   : 1;
}

static void
print_value(const struct table *table, const struct noise_source *source,
    const size_t at[2], struct json_out *out)
{
	size_t i = at[1] * table->columns + at[0];
	const struct cell *cell = &table->cells[i];
	uint64_t reach = reach_of(table);
	char label[MASK_LABEL_MAX];
	struct noise noise;
	int64_t value;

	if (table->hidden[i]) {
		json_put_null(out, "value");
		return;
	}
	begin_noise(table, source, at, &noise);
	if (table->statistic->kind == STATISTIC_MEDIAN) {
		i = noisy_median(table, cell, &noise);
		json_put_cstr(out, "value",
		    bands_label(&table->measure->bands, i, label));
		return;
	}
	value = table->statistic->kind == STATISTIC_SUM ? cell->sum
							: (int64_t)cell->count;
	if (reach > 0)
		value +=
		    noise_laplace(&noise, reach, table->mask->epsilon_milli);
	if (table->statistic->kind == STATISTIC_COUNT && value < 0)
		value = 0;
	json_put_int(out, "value", value);
}

static void
print_cell(const struct table *table, const struct noise_source *source,
    const size_t at[2], struct json_out *out)
{
	const struct dimension *dimension;
	const struct axis *axis;
	char label[MASK_LABEL_MAX];
	size_t i;

	json_open_object(out, NULL);
	for (i = table->statistic->by_count; i > 0; i--) {
		axis = &table->axes[i - 1];
		dimension = &table->mask->dimensions[axis->by.dimension];
		if (at[i - 1] == axis->count)
			json_put_cstr(out, dimension->name, "*");
		else
			json_put_cstr(out, dimension->name,
			    dimension_label(dimension, axis->by.level,
				axis->codes[at[i - 1]], label));
	}
	print_value(table, source, at, out);
	json_close_object(out);
}

static void
print_question(const struct table *table, struct json_out *out)
{

	const struct statistic *statistic = table->statistic;
	const struct dimension *dimension;
	char label[MASK_LABEL_MAX];
	struct buf text = {0};
	size_t i;

	json_put_cstr(out, "statistic", statistic_kind_name(statistic->kind));
	if (table->measure != NULL)
		json_put_cstr(out, "measure", table->measure->name);
	json_open_array(out, "by");
	for (i = 0; i < statistic->by_count; i++) {
		dimension =
		    &table->mask->dimensions[statistic->by[i].dimension];
		buf_reset(&text);
		buf_print(
		    &text, "%s/%zu", dimension->name, statistic->by[i].level);
		json_put_text(out, NULL, buf_span(&text));
	}
	json_close_array(out);
	json_open_object(out, "where");
	for (i = 0; i < statistic->where_count; i++) {
		dimension =
		    &table->mask->dimensions[statistic->where[i].dimension];
		json_put_cstr(out, dimension->name,
		    dimension_label(dimension, statistic->where[i].level,
			statistic->where[i].code, label));
	}
	json_close_object(out);
	buf_release(&text);
}

/* What the noise is like, so that nobody takes a figure for exact. */
static void
print_noise(const struct table *table, struct json_out *out)
{
	bool median = table->statistic->kind == STATISTIC_MEDIAN;

	json_open_object(out, "noise");
	json_put_cstr(out, "kind", median ? "exponential" : "discrete_laplace");
	json_put_int(out, "epsilon_milli", table->mask->epsilon_milli);
	json_put_int(out, "sensitivity", (int64_t)reach_of(table));
	json_close_object(out);
}

static void
print_table(const struct table *table, const struct noise_source *source,
    struct json_out *out)
{
	size_t at[2];

	print_question(table, out);
	print_noise(table, out);
	json_open_array(out, "cells");
	for (at[1] = 0; at[1] < table->rows; at[1]++) {
		for (at[0] = 0; at[0] < table->columns; at[0]++)
			print_cell(table, source, at, out);
	}
	json_close_array(out);
}

enum err
statistic_answer(const struct statistic *statistic,
    const struct population *population, const struct noise_source *source,
    struct json_out *out)
{
	struct table table = {.statistic = statistic,
	    .population = population,
	    .mask = population->mask,
	    .arena = arena_new()};
	size_t row;

	if (statistic->measure >= 0)
		table.measure = &table.mask->measures[statistic->measure];
	if (!lay_out(&table)) {
		arena_free(table.arena);
		return ERR_LIMIT;
	}
	take_cells(&table);
	for (row = 0; row < population->count; row++)
		add_row(&table, row);
	hide(&table);
	print_table(&table, source, out);
	arena_free(table.arena);
	return ERR_OK;
}
