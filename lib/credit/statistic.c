/*
 * statistic: the question for a statistic.
 */
#include "credit/statistic.h"

#include <string.h>

#include "credit/claims.h"

static const char *const kind_names[] = {"count", "sum", "median"};
#define KINDS (sizeof(kind_names) / sizeof(*kind_names))

const char *
statistic_kind_name(enum statistic_kind kind)
{
	return kind_names[kind];
}

static void
read_kind(struct claims *claims, struct statistic *statistic)
{
	char text[16];
	size_t i;

	claims_text(claims, "statistic", text, sizeof(text));
	for (i = 0; i < KINDS; i++) {
		if (strcmp(text, kind_names[i]) == 0) {
			statistic->kind = (enum statistic_kind)i;
			return;
		}
	}
	claims_refuse(claims, "statistic", "not count, sum or median");
}

static void
read_measure(
    struct claims *claims, const struct mask *mask, struct statistic *statistic)
{
	char text[65];

	statistic->measure = -1;
	claims_maybe_text(claims, "measure", text, sizeof(text));
	if (text[0] != '\0')
		statistic->measure = mask_find_measure(mask, span_of(text));
	if (text[0] != '\0' && statistic->measure < 0)
		claims_refuse(claims, "measure", "no such measure");
	if (statistic->kind != STATISTIC_COUNT && statistic->measure < 0)
		claims_refuse(claims, "measure", "missing");
}

static void
read_purpose(struct claims *claims, struct statistic *statistic)
{
	char text[32];

	claims_text(claims, "purpose", text, sizeof(text));
	statistic->purpose = purpose_parse(span_of(text));
	if (statistic->purpose == PURPOSE_NONE)
		claims_refuse(claims, "purpose", "not a purpose");
}

/* "industry" or "industry/1" */
static bool
parse_by(const struct mask *mask, struct span text, struct place *place)
{
	const char *slash = memchr(text.ptr, '/', text.len);
	struct span name = text;
	int found;

	place->level = 0;
	if (slash != NULL) {
		name.len = (size_t)(slash - text.ptr);
		if (text.len - name.len != 2 || slash[1] < '0' ||
		    slash[1] > '9')
			return false;
		place->level = (size_t)(slash[1] - '0');
	}
	found = mask_find_dimension(mask, name);
	if (found < 0)
		return false;
	place->dimension = (size_t)found;
	return place->level < mask->dimensions[found].level_count;
}

static void
read_by(
    struct claims *claims, const struct mask *mask, struct statistic *statistic)
{
	const struct json *array = json_find(claims->root, "by");
	size_t i, count = json_count(array);
	struct place *by = statistic->by, swap;
	struct span text;

	if (array != NULL &&
	    (!json_is_array(array) || count > STATISTIC_BY_MAX))
		claims_refuse(claims, "by", "not a list of at most two");
	for (i = 0; i < count && claims->err == ERR_OK; i++) {
		text = json_text(json_at(array, i));
		if (text.ptr == NULL || !parse_by(mask, text, &by[i]))
			claims_refuse(claims, "by", "no such dimension, level");
	}
	if (claims->err != ERR_OK)
		return;
	statistic->by_count = count;
	if (count == 2 && by[0].dimension == by[1].dimension)
		claims_refuse(claims, "by", "a dimension twice");
	if (count == 2 && by[0].dimension > by[1].dimension) {
		swap = by[0];
		by[0] = by[1];
		by[1] = swap;
	}
}

struct where_reading {
	struct claims *claims;
	const struct mask *mask;
	struct statistic *statistic;
};

static bool
read_place(void *context, const char *name, const struct json *value)
{
	struct where_reading *reading = context;
	struct statistic *statistic = reading->statistic;
	struct place *place = &statistic->where[statistic->where_count];
	int found = mask_find_dimension(reading->mask, span_of(name));

	if (found < 0 || !json_is_text(value) ||
	    !dimension_find(&reading->mask->dimensions[found], json_text(value),
		&place->level, &place->code)) {
		claims_refuse(
		    reading->claims, "where", "no such dimension, value");
		return false;
	}
	place->dimension = (size_t)found;
	statistic->where_count++;
	return true;
}

/* A table by a dimension that is fixed already must look closer. */
static void
check_places(struct claims *claims, const struct statistic *statistic)
{
	size_t i, j;

	for (i = 0; i < statistic->where_count; i++) {
		for (j = 0; j < statistic->by_count; j++) {
			if (statistic->by[j].dimension ==
				statistic->where[i].dimension &&
			    statistic->by[j].level >= statistic->where[i].level)
				claims_refuse(claims, "by",
				    "not finer than the same in where");
		}
	}
}

enum err
statistic_parse(struct span json, const struct mask *mask,
    struct statistic *statistic, struct why *why)
{
	static const char *const members[] = {
	    "purpose", "statistic", "measure", "by", "where", NULL};
	struct statistic read = {0};
	struct claims claims;
	struct where_reading reading = {&claims, mask, &read};
	enum err err;

	claims_open(&claims, json, STATISTIC_MAX, members, why);
	read_purpose(&claims, &read);
	read_kind(&claims, &read);
	read_measure(&claims, mask, &read);
	if (claims.err == ERR_OK)
		read_by(&claims, mask, &read);
	if (claims_has(&claims, "where") &&
	    !json_is_object(json_find(claims.root, "where")))
		claims_refuse(&claims, "where", "not an object");
	if (claims.err == ERR_OK)
		json_each(
		    json_find(claims.root, "where"), read_place, &reading);
	check_places(&claims, &read);
	err = claims_close(&claims);
	if (err == ERR_OK)
		*statistic = read;
	return err;
}

/* The finest that is said of each dimension, whatever the words. */
struct digest
statistic_digest(const struct statistic *statistic, const struct mask *mask,
    const struct digest *population)
{
	struct buf bytes = {0};
	struct digest digest;
	size_t i, j;

	buf_text(&bytes, "RXS1");
	buf_add(&bytes, population->bytes, DIGEST_LEN);
	buf_u16(&bytes, (uint16_t)statistic->kind);
	buf_u16(&bytes, (uint16_t)(statistic->measure + 1));
	for (i = 0; i < mask->dimension_count; i++) {
		for (j = 0; j < statistic->by_count; j++) {
			if (statistic->by[j].dimension == i)
				buf_print(&bytes, "b%zu/%zu;", i,
				    statistic->by[j].level);
		}
		for (j = 0; j < statistic->where_count; j++) {
			if (statistic->where[j].dimension != i)
				continue;
			buf_print(
			    &bytes, "w%zu/%zu=", i, statistic->where[j].level);
			buf_u64(&bytes, statistic->where[j].code);
		}
	}
	digest = digest_of(buf_span(&bytes));
	buf_release(&bytes);
	return digest;
}

/* Cells of one grouping are disjoint and cost together what one costs
 * (parallel composition); totals are groupings of their own. */
uint32_t
statistic_cost(const struct statistic *statistic, const struct mask *mask)
{
	return mask->epsilon_milli << statistic->by_count;
}
