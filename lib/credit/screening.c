/*
 * screening: the criteria, and who fits them.
 */
#include "credit/screening.h"

#include <stdlib.h>
#include <string.h>

#include "credit/claims.h"

struct reading {
	struct claims *claims;
	const struct mask *mask;
	struct screening *screening;
};

static bool
read_place(struct reading *reading, size_t dimension, struct span text)
{
	struct screening *screening = reading->screening;
	struct screening_place *place =
	    &screening->places[screening->place_count];

	if (screening->place_count == SCREENING_PLACES_MAX ||
	    !dimension_find(&reading->mask->dimensions[dimension], text,
		&place->level, &place->code))
		return false;
	place->dimension = dimension;
	screening->placed[dimension] = true;
	screening->place_count++;
	return true;
}

/* "b0" to "b24" */
static bool
parse_band(struct span text, unsigned *band)
{
	size_t i;

	if (text.len < 2 || text.len > 3 || text.ptr[0] != 'b')
		return false;
	for (i = 1, *band = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		*band = *band * 10 + (unsigned)(text.ptr[i] - '0');
	}
	return true;
}

/* Flags are true or false. */
static bool
read_band(struct reading *reading, size_t measure, const struct json *value)
{
	const struct measure *of = &reading->mask->measures[measure];
	bool is_flag = json_bool(value, true) == json_bool(value, false);
	unsigned band = json_bool(value, false) ? 1 : 0;

	if (is_flag != (of->kind == MEASURE_FLAG) ||
	    (!is_flag && !parse_band(json_text(value), &band)) ||
	    band > of->bands.count)
		return false;
	reading->screening->bands[measure] |= UINT32_C(1) << band;
	reading->screening->shown[measure] = true;
	return true;
}

static bool
read_criterion(void *context, const char *name, const struct json *values)
{
	struct reading *reading = context;
	int dimension = mask_find_dimension(reading->mask, span_of(name));
	int measure = mask_find_measure(reading->mask, span_of(name));
	bool read = json_is_array(values) && json_count(values) > 0 &&
		    (dimension >= 0 || measure >= 0);
	size_t i;

	for (i = 0; i < json_count(values) && read; i++) {
		if (dimension >= 0)
			read = read_place(reading, (size_t)dimension,
			    json_text(json_at(values, i)));
		else
			read = read_band(
			    reading, (size_t)measure, json_at(values, i));
	}
	if (!read)
		claims_refuse(reading->claims, "where",
		    "no such criterion, or not a list of its values");
	return read;
}

static void
read_where(struct reading *reading)
{
	struct claims *claims = reading->claims;
	const struct json *where = json_find(claims->root, "where");

	if (where == NULL)
		return;
	if (!json_is_object(where))
		claims_refuse(claims, "where", "not an object");
	else
		json_each(where, read_criterion, reading);
}

static void
read_columns(struct reading *reading)
{
	const struct json *array = json_find(reading->claims->root, "columns");
	size_t i;
	int found;

	if (array != NULL && !json_is_array(array))
		claims_refuse(reading->claims, "columns", "not a list");
	for (i = 0; i < json_count(array); i++) {
		found = mask_find_measure(
		    reading->mask, json_text(json_at(array, i)));
		if (found < 0) {
			claims_refuse(
			    reading->claims, "columns", "no such measure");
			return;
		}
		reading->screening->shown[found] = true;
	}
}

static void
read_page(struct reading *reading)
{
	struct screening *screening = reading->screening;
	struct claims *claims = reading->claims;
	unsigned limit = SCREENING_LIMIT;

	if (claims_has(claims, "limit"))
		claims_int(claims, "limit", 1, SCREENING_LIMIT_MAX, &limit);
	screening->limit = limit;
	claims_maybe_text(
	    claims, "after", screening->after, sizeof(screening->after));
	if (screening->after[0] != '\0' &&
	    !token_is_valid(span_of(screening->after)))
		claims_refuse(claims, "after", "not a token");
}

enum err
screening_parse(struct span json, const struct mask *mask,
    struct screening *screening, struct why *why)
{
	static const char *const members[] = {
	    "purpose", "where", "columns", "limit", "after", NULL};
	struct screening read = {0};
	struct claims claims;
	struct reading reading = {&claims, mask, &read};
	char purpose[32];
	enum err err;

	claims_open(&claims, json, SCREENING_MAX, members, why);
	claims_text(&claims, "purpose", purpose, sizeof(purpose));
	read.purpose = purpose_parse(span_of(purpose));
	if (read.purpose == PURPOSE_NONE)
		claims_refuse(&claims, "purpose", "not a purpose");
	if (claims.err == ERR_OK)
		read_where(&reading);
	if (claims.err == ERR_OK)
		read_columns(&reading);
	if (claims.err == ERR_OK)
		read_page(&reading);
	err = claims_close(&claims);
	if (err == ERR_OK)
		*screening = read;
	return err;
}

static int
by_place(const void *a, const void *b)
{
	const struct screening_place *left = a, *right = b;

	if (left->dimension != right->dimension)
		return left->dimension < right->dimension ? -1 : 1;
	if (left->level != right->level)
		return left->level < right->level ? -1 : 1;
	return (left->code > right->code) - (left->code < right->code);
}

struct digest
screening_digest(const struct screening *screening, const struct mask *mask,
    const struct digest *population)
{
	struct screening_place places[SCREENING_PLACES_MAX];
	struct buf bytes = {0};
	struct digest digest;
	size_t i;

	memcpy(places, screening->places, sizeof(places));
	qsort(places, screening->place_count, sizeof(*places), by_place);
	buf_text(&bytes, "RXS2");
	buf_add(&bytes, population->bytes, DIGEST_LEN);
	for (i = 0; i < screening->place_count; i++) {
		buf_u16(&bytes, (uint16_t)places[i].dimension);
		buf_u16(&bytes, (uint16_t)places[i].level);
		buf_u64(&bytes, places[i].code);
	}
	for (i = 0; i < mask->measure_count; i++)
		buf_u32(&bytes, screening->bands[i]);
	digest = digest_of(buf_span(&bytes));
	buf_release(&bytes);
	return digest;
}

/* Described at the criterion's level or finer, and within its value. */
static bool
fits_places(
    const struct screening *screening, const struct recode *recode, size_t row)
{
	const struct population *population = recode->population;
	bool met[MASK_DIMENSIONS_MAX] = {false};
	const struct screening_place *place;
	size_t i;

	for (i = 0; i < screening->place_count; i++) {
		place = &screening->places[i];
		if (recode_level(recode, row, place->dimension) <=
			place->level &&
		    dimension_code(
			&population->mask->dimensions[place->dimension],
			place->level,
			population_place(population, place->dimension, row)) ==
			place->code)
			met[place->dimension] = true;
	}
	return memcmp(met, screening->placed, sizeof(met)) == 0;
}

static bool
fits_bands(
    const struct screening *screening, const struct recode *recode, size_t row)
{
	size_t i, count = recode->population->mask->measure_count;
	int band;

	for (i = 0; i < count; i++) {
		if (screening->bands[i] == 0)
			continue;
		band = recode_band(recode, row, i);
		if (band < 0 || (screening->bands[i] >> band & 1) == 0)
			return false;
	}
	return true;
}

size_t
screening_match(const struct screening *screening, const struct recode *recode,
    uint8_t *fits)
{
	size_t row, count = 0;

	for (row = 0; row < recode->population->count; row++) {
		fits[row] = recode->taken[row] != RECODE_NEVER &&
			    fits_places(screening, recode, row) &&
			    fits_bands(screening, recode, row);
		count += fits[row];
	}
	return count;
}

bool
screening_is_close(
    const struct recode *recode, const uint8_t *fits, const uint8_t *earlier)
{
	size_t row, apart = 0;

	for (row = 0; row < recode->population->count; row++)
		apart += fits[row] != earlier[row];
	return apart > 0 && apart < recode->population->mask->k;
}
