/*
 * population: all enterprises that a node holds, a row each, in columns.
 */
#include "credit/population.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_ROOM 1024
#define DATE_SIZE 16

struct population_maker {
	struct population *population;
	size_t room;
	/* Of the subject whose records come; its row is the last one. */
	uint64_t places[MASK_DIMENSIONS_MAX];
	int64_t values[MASK_MEASURES_MAX];
	char oldest[MASK_MEASURES_MAX][POPULATION_DAY_LEN + 1];
	char dates[MASK_MEASURES_MAX][DATE_SIZE]; /* of the newest record */
	int64_t times[MASK_MEASURES_MAX];
};

/* The day so many months before; its day of the month may not exist there,
 * which does not matter for comparing. */
static void
months_before(
    const char *day, unsigned months, char out[POPULATION_DAY_LEN + 1])
{
	int year = atoi(day), month = atoi(day + 5);
	int count = year * 12 + month - 1 - (int)months;

	snprintf(out, POPULATION_DAY_LEN + 1, "%04u-%02u-%.2s",
	    (unsigned)(count / 12) % 10000, (unsigned)(count % 12 + 1) % 100,
	    day + 8);
}

struct population_maker *
population_begin(const struct mask *mask, const char *day)
{
	struct population_maker *maker = mem_new(sizeof(*maker));
	size_t i;

	maker->population = mem_new(sizeof(*maker->population));
	maker->population->mask = mask;
	for (i = 0; i < mask->dimension_count; i++)
		maker->population->places[i] = column_new(0);
	for (i = 0; i < mask->measure_count; i++)
		maker->population->values[i] = column_new(MASK_UNKNOWN);
	for (i = 0; i < mask->measure_count; i++)
		months_before(day, mask->measures[i].months, maker->oldest[i]);
	return maker;
}

static void
make_room(struct population_maker *maker)
{
	struct population *population = maker->population;

	if (population->count < maker->room)
		return;
	maker->room += maker->room / 4 + FIRST_ROOM;
	population->subjects = mem_grow(
	    population->subjects, maker->room * sizeof(*population->subjects));
}

static void
end_row(struct population_maker *maker)
{
	struct population *population = maker->population;
	size_t i;

	if (population->count == 0)
		return;
	for (i = 0; i < population->mask->dimension_count; i++)
		column_add(population->places[i], (int64_t)maker->places[i]);
	for (i = 0; i < population->mask->measure_count; i++)
		column_add(population->values[i], maker->values[i]);
}

/* What is counted is none until it comes; what is measured is unknown. */
static void
begin_row(struct population_maker *maker, const char *stream,
    const struct record *record)
{
	struct population *population = maker->population;
	const struct mask *mask = population->mask;
	size_t row = population->count, i;

	end_row(maker);
	make_room(maker);
	memcpy(population->subjects[row], record->subject.ptr,
	    record->subject.len);
	population->subjects[row][record->subject.len] = '\0';
	for (i = 0; i < mask->dimension_count; i++)
		maker->places[i] =
		    mask->dimensions[i].item == NULL
			? dimension_raw(&mask->dimensions[i], span_of(stream))
			: 0;
	for (i = 0; i < mask->measure_count; i++) {
		maker->values[i] =
		    mask->measures[i].kind <= MEASURE_FLAG ? 0 : MASK_UNKNOWN;
		maker->dates[i][0] = '\0';
		maker->times[i] = INT64_MIN;
	}
	population->count++;
}

static struct span
value_of(const struct record *record, const struct field *field)
{
	const struct record_field *found =
	    field != NULL ? record_find(record, field->number) : NULL;

	return found != NULL ? found->value : span_of("");
}

/* A month or a year is as old as its last day. */
static bool
is_in_time(const struct measure *measure, const char *oldest, struct span date)
{
	size_t len = date.len;

	if (measure->months == 0)
		return true;
	if (len > POPULATION_DAY_LEN)
		len = POPULATION_DAY_LEN;
	return len > 0 && memcmp(date.ptr, oldest, len) >= 0;
}

/* By the stated date, else by the record's own. */
static bool
is_newest(struct population_maker *maker, size_t i, struct span date,
    int64_t as_of_us)
{
	char *newest = maker->dates[i];
	size_t len = date.len < DATE_SIZE ? date.len : DATE_SIZE - 1;
	char text[DATE_SIZE] = "";
	int order;

	if (len > 0)
		memcpy(text, date.ptr, len);
	order = strcmp(text, newest);
	if (order < 0 || (order == 0 && as_of_us < maker->times[i]))
		return false;
	memcpy(newest, text, sizeof(text));
	maker->times[i] = as_of_us;
	return true;
}

static int64_t
ratio(int64_t part, int64_t whole)
{
	if (part == MASK_UNKNOWN || whole == MASK_UNKNOWN || whole <= 0)
		return MASK_UNKNOWN;
	return part * 100 / whole;
}

static void
add_up(int64_t *sum, int64_t value)
{
	if (value == MASK_UNKNOWN)
		return;
	*sum = *sum == MASK_UNKNOWN ? value : *sum + value;
	if (*sum > MASK_VALUE_MAX)
		*sum = MASK_VALUE_MAX;
	if (*sum < -MASK_VALUE_MAX)
		*sum = -MASK_VALUE_MAX;
}

static void
measure_add(
    struct population_maker *maker, size_t i, const struct record *record)
{
	const struct measure *measure = &maker->population->mask->measures[i];
	int64_t *value = &maker->values[i];
	struct span date = value_of(record, measure->date);
	int64_t number = mask_number(value_of(record, measure->field));

	if (!is_in_time(measure, maker->oldest[i], date))
		return;
	switch (measure->kind) {
	case MEASURE_COUNT:
		++*value;
		break;
	case MEASURE_FLAG:
		*value = 1;
		break;
	case MEASURE_SUM:
		add_up(value, number);
		break;
	case MEASURE_RATIO:
		number =
		    ratio(number, mask_number(value_of(record, measure->over)));
		/* fall through */
	case MEASURE_NEWEST:
		if (number != MASK_UNKNOWN &&
		    is_newest(maker, i, date, record->as_of_us))
			*value = number;
		break;
	}
}

static void
place_add(struct population_maker *maker, size_t i, const struct record *record)
{
	const struct dimension *dimension =
	    &maker->population->mask->dimensions[i];
	uint64_t raw =
	    dimension_raw(dimension, value_of(record, dimension->field));

	if (raw != 0)
		maker->places[i] = raw;
}

void
population_add(struct population_maker *maker, const char *stream,
    const struct record *record)
{
	struct population *population = maker->population;
	const struct mask *mask = population->mask;
	size_t i;

	if (record->state != RECORD_CURRENT || record->subject.len > USCC_LEN)
		return;
	if (population->count == 0 ||
	    !span_is(
		record->subject, population->subjects[population->count - 1]))
		begin_row(maker, stream, record);
	for (i = 0; i < mask->dimension_count; i++) {
		if (mask->dimensions[i].item != NULL &&
		    mask->dimensions[i].item->number == record->item)
			place_add(maker, i, record);
	}
	for (i = 0; i < mask->measure_count; i++) {
		if (mask->measures[i].item->number == record->item)
			measure_add(maker, i, record);
	}
}

void
population_end(struct population_maker *maker, struct population **out)
{
	end_row(maker);
	if (out != NULL)
		*out = maker->population;
	else
		population_free(maker->population);
	mem_free(maker);
}

void
population_free(struct population *population)
{
	size_t i;

	if (population == NULL)
		return;
	mem_free(population->subjects);
	for (i = 0; i < MASK_DIMENSIONS_MAX; i++)
		column_free(population->places[i]);
	for (i = 0; i < MASK_MEASURES_MAX; i++)
		column_free(population->values[i]);
	mem_free(population);
}

uint64_t
population_place(
    const struct population *population, size_t dimension, size_t row)
{
	return (uint64_t)column_get(population->places[dimension], row);
}

int64_t
population_value(
    const struct population *population, size_t measure, size_t row)
{
	return column_get(population->values[measure], row);
}

size_t
population_size(const struct population *population)
{
	const struct mask *mask = population->mask;
	size_t i, size = population->count * sizeof(*population->subjects);

	for (i = 0; i < mask->dimension_count; i++)
		size += column_size(population->places[i]);
	for (i = 0; i < mask->measure_count; i++)
		size += column_size(population->values[i]);
	return size;
}

size_t
population_made_size(const struct population_maker *maker)
{
	return population_size(maker->population);
}
