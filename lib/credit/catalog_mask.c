/*
 * catalog_mask: the catalogue's section "anonymisation".
 */
#include "credit/catalog_mask.h"

#include <stdio.h>
#include <string.h>

#include "credit/catalog_inner.h"
#include "credit/mask.h"

const struct mask *
catalog_mask(const struct catalog *catalog)
{
	return catalog->mask;
}

static void
load_numbers(struct loader *loader, const struct json *from, struct mask *mask)
{
	static const char *const shares[] = {"largest", "two_largest", NULL};
	static const char *const noises[] = {
	    "epsilon_milli", "budget_milli", "period_days", NULL};
	const struct json *dominance = json_find(from, "dominance");
	const struct json *noise = json_find(from, "noise");

	loader_check_members(loader, dominance, shares);
	loader_check_members(loader, noise, noises);
	mask->k = (unsigned)loader_need_int(loader, from, "k", 1, 1000);
	mask->largest =
	    (unsigned)loader_need_int(loader, dominance, "largest", 1, 100);
	mask->two_largest =
	    (unsigned)loader_need_int(loader, dominance, "two_largest", 1, 100);
	mask->epsilon_milli = (uint32_t)loader_need_int(
	    loader, noise, "epsilon_milli", 1, 1000000000);
	mask->budget_milli = (uint32_t)loader_need_int(
	    loader, noise, "budget_milli", 1, 2000000000);
	mask->period_days =
	    (unsigned)loader_need_int(loader, noise, "period_days", 1, 3660);
	mask->screenings =
	    (unsigned)loader_need_int(loader, from, "screenings", 1, 10000);
	mask->refresh_minutes = (unsigned)loader_need_int(
	    loader, from, "refresh_minutes", 0, 527040);
}

static bool
is_number(const struct field *field)
{
	return field->type == FIELD_INTEGER || field->type == FIELD_DECIMAL ||
	       field->type == FIELD_MONEY;
}

static bool
is_date(const struct field *field)
{
	return field->type == FIELD_DATE || field->type == FIELD_MONTH ||
	       field->type == FIELD_YEAR;
}

static const struct item *
load_item(struct loader *loader, const struct json *from)
{
	const struct item *item = catalog_find_item(
	    loader->catalog, (uint32_t)loader_need_int(
				 loader, from, "item", 1, CATALOG_ITEM_MAX));

	if (item == NULL)
		loader_refuse(loader, "item", "no such item");
	return item;
}

/* NULL when the member is absent. */
static const struct field *
load_field(struct loader *loader, const struct json *from,
    const struct item *item, const char *member)
{
	const char *name = loader_text(loader, from, member);
	const struct field *field = NULL;

	if (*name != '\0' && item != NULL)
		field = item_find_field(item, span_of(name));
	if (*name != '\0' && field == NULL)
		loader_refuse(loader, member, "no such field");
	return field;
}

static void
load_edges(struct loader *loader, const struct json *array, struct bands *bands)
{
	size_t i, count = json_count(array);
	int64_t *edges =
	    arena_take(loader->arena, (MASK_EDGES_MAX + 1) * sizeof(*edges));

	if (!json_is_array(array) || count < 1 || count > MASK_EDGES_MAX) {
		loader_refuse(loader, "bands", "not 1 to 24 numbers");
		return;
	}
	for (i = 0; i < count; i++) {
		edges[i] = json_int(json_at(array, i), INT64_MIN);
		if (edges[i] < -MASK_VALUE_MAX || edges[i] > MASK_VALUE_MAX ||
		    (i > 0 && edges[i] <= edges[i - 1]))
			loader_refuse(
			    loader, "bands", "not ascending, or not in range");
	}
	*bands = (struct bands){edges, count};
}

/* A coarser level is made of whole parts of the finer one. */
static void
check_coarser(
    struct loader *loader, const struct bands *fine, const struct bands *coarse)
{
	size_t i, j;

	for (i = 0; i < coarse->count; i++) {
		for (j = 0; j < fine->count; j++) {
			if (fine->edges[j] == coarse->edges[i])
				break;
		}
		if (j == fine->count)
			loader_refuse(loader, "bands",
			    "an edge of a coarser level is not one of the "
			    "finer level");
	}
}

static void
load_band_levels(
    struct loader *loader, const struct json *from, struct dimension *dimension)
{
	const struct json *levels = json_find(from, "bands");
	size_t i;

	dimension->level_count =
	    loader_count(loader, from, "bands", MASK_LEVELS_MAX);
	for (i = 0; i < dimension->level_count && !loader->failed; i++) {
		load_edges(loader, json_at(levels, i), &dimension->bands[i]);
		if (i > 0 && !loader->failed)
			check_coarser(loader, &dimension->bands[i - 1],
			    &dimension->bands[i]);
	}
	if (dimension->field == NULL || !is_number(dimension->field))
		loader_refuse(loader, "bands", "only numbers have them");
}

static void
load_prefix_levels(
    struct loader *loader, const struct json *from, struct dimension *dimension)
{
	const struct json *levels = json_find(from, "prefixes");
	int64_t len, before = MASK_PREFIX_MAX + 1;
	size_t i;

	dimension->level_count =
	    loader_count(loader, from, "prefixes", MASK_LEVELS_MAX);
	for (i = 0; i < dimension->level_count; i++) {
		len = json_int(json_at(levels, i), 0);
		if (len < 1 || len >= before) {
			loader_refuse(loader, "prefixes",
			    "not descending lengths of 6 to 1");
			return;
		}
		dimension->prefixes[i] = (size_t)len;
		before = len;
	}
	if (dimension->field != NULL && dimension->field->type != FIELD_TEXT &&
	    dimension->field->type != FIELD_CODE)
		loader_refuse(loader, "prefixes", "only texts have them");
}

static void
load_names(struct loader *loader, const struct json *from, const char **names)
{
	names[0] = loader_need_name(loader, from, "name");
	names[1] = loader_need_text(loader, from, "zh");
	names[2] = loader_text(loader, from, "en");
}

static void
load_dimension(struct loader *loader, const struct json *from,
    const struct mask *mask, struct dimension *dimension)
{
	static const char *const members[] = {
	    "name", "zh", "en", "item", "field", "prefixes", "bands", NULL};
	const char *names[3];

	loader_check_members(loader, from, members);
	load_names(loader, from, names);
	dimension->name = names[0];
	dimension->zh = names[1];
	dimension->en = names[2];
	if (mask_find_dimension(mask, span_of(names[0])) >= 0)
		loader_refuse(loader, "name", "there twice");
	if (json_find(from, "item") != NULL) {
		dimension->item = load_item(loader, from);
		dimension->field =
		    load_field(loader, from, dimension->item, "field");
	}
	if ((dimension->item == NULL) != (dimension->field == NULL) ||
	    (dimension->item == NULL && json_find(from, "field") != NULL))
		loader_refuse(loader, "field", "item and field go together");
	dimension->banded = json_find(from, "bands") != NULL;
	if (loader->failed)
		return;
	if (dimension->banded)
		load_band_levels(loader, from, dimension);
	else
		load_prefix_levels(loader, from, dimension);
	if (dimension->level_count == 0)
		loader_refuse(loader, "prefixes",
		    "one of prefixes and bands is required");
}

static bool
is_public(const struct item *item, const struct field *field)
{
	return field == NULL || !item_protects(item, field);
}

/* Which fields a kind takes. */
static void
check_fields(struct loader *loader, const struct measure *measure)
{
	bool counts =
	    measure->kind == MEASURE_COUNT || measure->kind == MEASURE_FLAG;

	if (counts != (measure->field == NULL) ||
	    (measure->field != NULL && !is_number(measure->field)))
		loader_refuse(loader, "field",
		    "counts and flags have none, all others a number");
	if ((measure->kind == MEASURE_RATIO) != (measure->over != NULL) ||
	    (measure->over != NULL && !is_number(measure->over)))
		loader_refuse(
		    loader, "over", "a ratio has it, and only that: a number");
	if (measure->date != NULL && !is_date(measure->date))
		loader_refuse(loader, "date", "not a date, month or year");
	if (measure->months > 0 && measure->date == NULL)
		loader_refuse(loader, "months", "months go by a date");
}

static void
load_source(
    struct loader *loader, const struct json *from, struct measure *measure)
{
	const struct item *item = load_item(loader, from);

	measure->item = item;
	measure->field = load_field(loader, from, item, "field");
	measure->over = load_field(loader, from, item, "over");
	measure->date = load_field(loader, from, item, "date");
	if (json_find(from, "months") != NULL)
		measure->months =
		    (unsigned)loader_need_int(loader, from, "months", 1, 1200);
	if (loader->failed)
		return;
	check_fields(loader, measure);
	/* A count tells of every record of the item. */
	measure->is_open = !item->needs_consent &&
			   is_public(item, measure->field) &&
			   is_public(item, measure->over);
}

static void
load_measure_bands(
    struct loader *loader, const struct json *from, struct measure *measure)
{
	static const int64_t one[] = {1};

	if (measure->kind == MEASURE_FLAG) {
		measure->bands = (struct bands){one, 1};
		if (json_find(from, "bands") != NULL)
			loader_refuse(loader, "bands", "a flag has none");
		return;
	}
	load_edges(loader, json_find(from, "bands"), &measure->bands);
}

static void
load_measure(struct loader *loader, const struct json *from,
    const struct mask *mask, struct measure *measure)
{
	static const char *const members[] = {"name", "zh", "en", "kind",
	    "item", "field", "over", "date", "months", "bands", NULL};
	static const char *const kinds[] = {
	    "count", "flag", "newest", "sum", "ratio", NULL};
	const char *names[3];

	loader_check_members(loader, from, members);
	load_names(loader, from, names);
	measure->name = names[0];
	measure->zh = names[1];
	measure->en = names[2];
	if (mask_find_measure(mask, span_of(names[0])) >= 0 ||
	    mask_find_dimension(mask, span_of(names[0])) >= 0)
		loader_refuse(loader, "name", "there twice");
	measure->kind =
	    (enum measure_kind)loader_need_one_of(loader, from, "kind", kinds);
	load_source(loader, from, measure);
	if (!loader->failed)
		load_measure_bands(loader, from, measure);
}

static void
load_lists(struct loader *loader, const struct json *from, struct mask *mask)
{
	size_t dimensions =
	    loader_count(loader, from, "dimensions", MASK_DIMENSIONS_MAX);
	size_t measures =
	    loader_count(loader, from, "measures", MASK_MEASURES_MAX);
	size_t i;

	for (i = 0; i < dimensions && !loader->failed; i++) {
		snprintf(loader->where, sizeof(loader->where),
		    "anonymisation: dimension %zu: ", i + 1);
		load_dimension(loader,
		    json_at(json_find(from, "dimensions"), i), mask,
		    &mask->dimensions[i]);
		mask->dimension_count = i + 1;
	}
	for (i = 0; i < measures && !loader->failed; i++) {
		snprintf(loader->where, sizeof(loader->where),
		    "anonymisation: measure %zu: ", i + 1);
		load_measure(loader, json_at(json_find(from, "measures"), i),
		    mask, &mask->measures[i]);
		mask->measure_count = i + 1;
	}
}

void
catalog_load_mask(struct loader *loader, const struct json *document)
{
	static const char *const members[] = {"k", "dominance", "noise",
	    "screenings", "refresh_minutes", "dimensions", "measures", NULL};
	const struct json *from = json_find(document, "anonymisation");
	struct mask *mask;

	if (from == NULL || loader->failed)
		return;
	snprintf(loader->where, sizeof(loader->where), "anonymisation: ");
	loader_check_members(loader, from, members);
	mask = arena_take(loader->arena, sizeof(*mask));
	load_numbers(loader, from, mask);
	load_lists(loader, from, mask);
	loader->catalog->mask = mask;
}
