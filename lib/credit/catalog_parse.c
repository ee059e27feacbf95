/*
 * catalog_parse: the document of docs/CATALOGUE.md becomes a catalogue.
 */
#include "credit/catalog.h"

#include <stdio.h>

#include "base/clock.h"
#include "credit/catalog_abuse.h"
#include "credit/catalog_check.h"
#include "credit/catalog_inner.h"
#include "credit/catalog_limit.h"
#include "credit/catalog_load.h"
#include "credit/catalog_mask.h"
#include "credit/catalog_purpose.h"
#include "credit/code_index.h"
#include "credit/question.h"

#define DOCUMENT_MAX ((size_t)8 << 20)
#define TEXT_MAX_DEFAULT 1000
#define TEXT_MAX_MOST 100000
/* One of a record's 64 fields is the source number. */
#define ITEM_FIELDS_MAX (CATALOG_FIELDS_MAX - 1)

static const struct json *
element(const struct json *document, const char *name, size_t i)
{
	return json_at(json_find(document, name), i);
}

static void
load_categories(struct loader *loader, const struct json *document)
{
	static const char *const members[] = {
	    "number", "zh", "en", "precedence", NULL};
	struct catalog *catalog = loader->catalog;
	size_t i, count = loader_count(loader, document, "categories", 1000);
	struct category *category;

	catalog->categories =
	    arena_take(loader->arena, count * sizeof(*category));
	for (i = 0; i < count && !loader->failed; i++) {
		const struct json *from = element(document, "categories", i);

		category = &catalog->categories[i];
		snprintf(loader->where, sizeof(loader->where),
		    "category %zu: ", i + 1);
		loader_check_members(loader, from, members);
		category->number = (uint32_t)loader_need_int(
		    loader, from, "number", 1, 100000);
		category->zh = loader_need_text(loader, from, "zh");
		category->en = loader_text(loader, from, "en");
		category->precedence = catalog_load_precedence(loader, from);
		if (i > 0 && category->number <= category[-1].number)
			loader_refuse(loader, "number", "not ascending");
		catalog->category_count = i + 1;
	}
}

static void
load_rules(struct loader *loader, const struct json *document)
{
	static const char *const members[] = {
	    "id", "severity", "zh", "en", NULL};
	static const char *const severities[] = {"warn", "reject", NULL};
	struct catalog *catalog = loader->catalog;
	size_t i, count = loader_count(loader, document, "rules", 1000);
	struct rule *rule;

	catalog->rules = arena_take(loader->arena, count * sizeof(*rule));
	for (i = 0; i < count && !loader->failed; i++) {
		const struct json *from = element(document, "rules", i);

		rule = &catalog->rules[i];
		snprintf(
		    loader->where, sizeof(loader->where), "rule %zu: ", i + 1);
		loader_check_members(loader, from, members);
		rule->id = loader_need_name(loader, from, "id");
		rule->zh = loader_need_text(loader, from, "zh");
		rule->en = loader_text(loader, from, "en");
		rule->rejects = loader_need_one_of(
				    loader, from, "severity", severities) == 1;
		if (catalog_find_rule(catalog, rule->id) != NULL)
			loader_refuse(loader, "id", "there twice");
		catalog->rule_count = i + 1;
	}
}

static void
load_codes(
    struct loader *loader, const struct json *from, struct code_list *list)
{
	static const char *const members[] = {
	    "code", "zh", "en", "names", "former", NULL};
	size_t i, count = loader_count(loader, from, "codes", 100000);
	struct code *codes;

	codes = arena_take(loader->arena, count * sizeof(*codes));
	for (i = 0; i < count && !loader->failed; i++) {
		const struct json *code = element(from, "codes", i);

		loader_check_members(loader, code, members);
		codes[i].code = loader_need_text(loader, code, "code");
		codes[i].zh = loader_need_text(loader, code, "zh");
		codes[i].en = loader_text(loader, code, "en");
		codes[i].names = loader_texts(loader, code, "names");
		codes[i].former = loader_texts(loader, code, "former");
	}
	list->codes = codes;
	list->count = loader->failed ? 0 : count;
}

static void
load_lists(struct loader *loader, const struct json *document)
{
	static const char *const members[] = {"name", "codes", NULL};
	struct catalog *catalog = loader->catalog;
	size_t i, count = loader_count(loader, document, "code_lists", 1000);
	struct code_list *list;

	catalog->lists = arena_take(loader->arena, count * sizeof(*list));
	for (i = 0; i < count && !loader->failed; i++) {
		const struct json *from = element(document, "code_lists", i);

		list = &catalog->lists[i];
		snprintf(loader->where, sizeof(loader->where),
		    "code list %zu: ", i + 1);
		loader_check_members(loader, from, members);
		list->name = loader_need_name(loader, from, "name");
		if (catalog_find_codes(catalog, list->name) != NULL)
			loader_refuse(loader, "name", "there twice");
		load_codes(loader, from, list);
		if (!loader->failed && code_index_build(list, loader->arena,
					   loader->why) != ERR_OK)
			loader->failed = true;
		catalog->list_count = i + 1;
	}
}

static const char *const type_names[] = {"text", "code", "date", "month",
    "year", "integer", "decimal", "money", "boolean", "uscc", NULL};
static const char *const class_names[] = {
    "public", "restricted", "personal", NULL};

static struct span
label_of(struct loader *loader, const char *name)
{
	struct buf label = {0};
	struct span kept;

	json_label(name, &label);
	kept = span_make(
	    arena_text(loader->arena, label.data, label.len), label.len);
	buf_release(&label);
	return kept;
}

/* What item fields and common columns have both. */
static void
load_column(struct loader *loader, const struct json *from, struct field *field)
{
	int64_t max = TEXT_MAX_DEFAULT;

	field->name = loader_need_name(loader, from, "name");
	field->label = label_of(loader, field->name);
	field->zh = loader_need_text(loader, from, "zh");
	field->en = loader_text(loader, from, "en");
	field->type = (enum field_type)loader_need_one_of(
	    loader, from, "type", type_names);
	field->required = loader_bool(loader, from, "required");
	field->aliases = loader_texts(loader, from, "aliases");
	field->unit = "";
	if (json_find(from, "max") != NULL)
		max = loader_need_int(loader, from, "max", 1, TEXT_MAX_MOST);
	if (field->type == FIELD_TEXT)
		field->max = (size_t)max;
	else if (json_find(from, "max") != NULL)
		loader_refuse(loader, "max", "only texts have it");
}

static void
load_common(struct loader *loader, const struct json *document)
{
	static const char *const members[] = {
	    "name", "zh", "en", "type", "required", "max", "aliases", NULL};
	static const char *const names[] = {
	    "uscc", "data_date", "source_number", NULL};
	static const enum field_type types[] = {
	    FIELD_USCC, FIELD_DATE, FIELD_TEXT};
	struct catalog *catalog = loader->catalog;
	size_t i, count = loader_count(loader, document, "common", 3);
	struct field *field;
	int which;

	catalog->common = arena_take(loader->arena, count * sizeof(*field));
	for (i = 0; i < count && !loader->failed; i++) {
		const struct json *from = element(document, "common", i);

		field = &catalog->common[i];
		snprintf(loader->where, sizeof(loader->where),
		    "common column %zu: ", i + 1);
		loader_check_members(loader, from, members);
		load_column(loader, from, field);
		which = loader_need_one_of(loader, from, "name", names);
		if (field->type != types[which])
			loader_refuse(
			    loader, "type", "not the type of this column");
		if (which == 2)
			field->number = CATALOG_SOURCE_NUMBER;
		if (catalog_find_common(catalog, span_of(field->name)) != NULL)
			loader_refuse(loader, "name", "there twice");
		catalog->common_count = i + 1;
	}
}

static void
load_type_details(
    struct loader *loader, const struct json *from, struct field *field)
{
	const char *codes = loader_text(loader, from, "codes");
	const char *currency_to = loader_text(loader, from, "currency_to");

	field->unit = loader_text(loader, from, "unit");
	field->codes = catalog_find_codes(loader->catalog, codes);
	field->currency_to = *currency_to != '\0' ? currency_to : NULL;
	field->in_wan = strcmp(field->unit, "wan") == 0;
	if (field->type == FIELD_CODE && field->codes == NULL)
		loader_refuse(loader, "codes", "no such code list");
	if (field->type != FIELD_CODE && *codes != '\0')
		loader_refuse(loader, "codes", "only codes have it");
	if (field->type != FIELD_MONEY && field->currency_to != NULL)
		loader_refuse(loader, "currency_to", "only money has it");
	if (field->type != FIELD_MONEY && field->in_wan)
		loader_refuse(loader, "unit", "only money is in wan");
	if (field->type == FIELD_MONEY && *field->unit != '\0' &&
	    strcmp(field->unit, "yuan") != 0 && !field->in_wan)
		loader_refuse(loader, "unit", "money is in yuan or wan");
}

/* One column name must not mean two things. */
static void
check_labels(
    struct loader *loader, const struct item *item, const struct field *field)
{
	const char *const *alias = field->aliases;
	const char *label = field->name;
	bool taken = false;
	size_t i;

	taken = catalog_find_common(loader->catalog, span_of(field->zh)) ||
		item_find_field(item, span_of(field->zh));
	for (i = 0; label != NULL && !taken; label = alias[i++])
		taken = catalog_find_common(loader->catalog, span_of(label)) ||
			item_find_field(item, span_of(label));
	if (taken)
		loader_refuse(loader, "name",
		    "this name, alias or Chinese name is another column's");
}

/* Reports put these members beside the fields of a record: a field of that
 * name would make one name mean two things. */
static void
check_name(struct loader *loader, const struct field *field)
{
	static const char *const taken[] = {
	    "state", "source_number", "statements"};
	size_t i;

	for (i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		if (strcmp(field->name, taken[i]) == 0)
			loader_refuse(loader, "name",
			    "state and source_number are members of every "
			    "record in reports");
}

static void
load_field(struct loader *loader, const struct json *from,
    const struct item *item, struct field *field)
{
	static const char *const members[] = {"number", "name", "zh", "en",
	    "type", "class", "required", "max", "codes", "unit", "currency_to",
	    "aliases", "min_length", "pattern", "min_value", "max_value", NULL};

	loader_check_members(loader, from, members);
	field->number = (uint32_t)loader_need_int(
	    loader, from, "number", 1, CATALOG_SOURCE_NUMBER - 1);
	load_column(loader, from, field);
	field->class = (enum field_class)loader_need_one_of(
	    loader, from, "class", class_names);
	load_type_details(loader, from, field);
	if (!loader->failed)
		catalog_load_limits(loader, from, field);
	if (item->field_count > 0 && field->number <= field[-1].number)
		loader_refuse(loader, "number", "not ascending");
	check_name(loader, field);
	if (!loader->failed)
		check_labels(loader, item, field);
}

static void
load_fields(struct loader *loader, const struct json *from, struct item *item)
{
	size_t i, count = loader_count(loader, from, "fields", ITEM_FIELDS_MAX);
	struct field *fields;

	fields = arena_take(loader->arena, count * sizeof(*fields));
	item->fields = fields;
	if (count == 0)
		loader_refuse(loader, "fields", "missing");
	for (i = 0; i < count && !loader->failed; i++) {
		snprintf(loader->where, sizeof(loader->where),
		    "item %u: field %zu: ", item->number, i + 1);
		load_field(
		    loader, element(from, "fields", i), item, &fields[i]);
		item->field_count = i + 1;
	}
	snprintf(
	    loader->where, sizeof(loader->where), "item %u: ", item->number);
}

static const struct field *
find_name(const struct item *item, const char *name)
{
	size_t i;

	for (i = 0; i < item->field_count; i++) {
		if (strcmp(item->fields[i].name, name) == 0)
			return &item->fields[i];
	}
	return NULL;
}

static void
load_key(struct loader *loader, const struct json *from, struct item *item)
{
	const char *const *names = loader_texts(loader, from, "key");
	const struct field *field;
	uint32_t *key, at;
	size_t i, j;

	key = arena_take(loader->arena, ITEM_FIELDS_MAX * sizeof(*key));
	item->key = key;
	for (i = 0; names[i] != NULL && !loader->failed; i++) {
		field = find_name(item, names[i]);
		if (field == NULL || !field->required) {
			loader_refuse(loader, "key", "not a required field");
			return;
		}
		at = (uint32_t)(field - item->fields);
		for (j = 0; j < i; j++) {
			if (key[j] == at)
				loader_refuse(loader, "key", "a field twice");
		}
		if (loader->failed)
			return;
		key[i] = at;
		item->key_count = i + 1;
	}
}

static void
load_retention(
    struct loader *loader, const struct json *from, struct item *item)
{
	static const char *const members[] = {"years", "from", NULL};
	const struct json *retention = json_find(from, "retention");

	item->retention_from = "";
	if (retention == NULL)
		return;
	loader_check_members(loader, retention, members);
	item->retention_years =
	    (unsigned)loader_need_int(loader, retention, "years", 0, 200);
	item->retention_from = loader_text(loader, retention, "from");
	if (*item->retention_from != '\0' &&
	    strcmp(item->retention_from, "data_date") != 0 &&
	    find_name(item, item->retention_from) == NULL)
		loader_refuse(loader, "retention.from", "no such field");
}

static void
load_provider(struct loader *loader, const struct json *from, struct item *item)
{
	static const char *const members[] = {"zh", "en", NULL};
	const struct json *provider = json_find(from, "provider");

	loader_check_members(loader, provider, members);
	item->provider_zh = loader_need_text(loader, provider, "zh");
	item->provider_en = loader_text(loader, provider, "en");
}

static void
check_references(struct loader *loader, const struct item *item)
{
	const struct field *field, *target;
	size_t i;

	for (i = 0; i < item->field_count; i++) {
		field = &item->fields[i];
		if (field->currency_to == NULL)
			continue;
		target = find_name(item, field->currency_to);
		if (target == NULL ||
		    (target->type != FIELD_TEXT && target->type != FIELD_CODE))
			loader_refuse(
			    loader, "currency_to", "no such text or code");
	}
}

static void
load_item(struct loader *loader, const struct json *from, struct item *item)
{
	static const char *const members[] = {"number", "category", "zh", "en",
	    "provider", "mode", "consent", "negative", "positive", "cadence",
	    "retention", "key", "fields", "checks", "division", "precedence",
	    NULL};
	static const char *const cadences[] = {
	    "daily", "weekly", "monthly", "quarterly", "yearly", NULL};

	loader_check_members(loader, from, members);
	item->number = (uint32_t)loader_need_int(
	    loader, from, "number", 1, CATALOG_ITEM_MAX);
	catalog_load_category(loader, from, item);
	item->zh = loader_need_text(loader, from, "zh");
	item->en = loader_text(loader, from, "en");
	item->mode = loader_need_name(loader, from, "mode");
	item->cadence =
	    cadences[loader_need_one_of(loader, from, "cadence", cadences)];
	item->needs_consent = loader_bool(loader, from, "consent");
	item->is_negative = loader_bool(loader, from, "negative");
	item->is_positive = loader_bool(loader, from, "positive");
	if (item->is_negative && item->is_positive)
		loader_refuse(loader, "positive", "also negative");
	load_provider(loader, from, item);
	load_fields(loader, from, item);
	load_key(loader, from, item);
	load_retention(loader, from, item);
	check_references(loader, item);
	catalog_load_division(loader, from, item);
	if (!loader->failed)
		catalog_load_checks(loader, from, item);
}

static void
load_items(struct loader *loader, const struct json *document)
{
	struct catalog *catalog = loader->catalog;
	size_t i, count = loader_count(loader, document, "items", 4096);
	struct item *item;

	if (count > QUESTION_ITEMS_MAX)
		loader_refuse(
		    loader, "items", "more than 256, which a permit holds");
	catalog->items = arena_take(loader->arena, count * sizeof(*item));
	for (i = 0; i < count && !loader->failed; i++) {
		item = &catalog->items[i];
		snprintf(loader->where, sizeof(loader->where),
		    "item at %zu: ", i + 1);
		load_item(loader, element(document, "items", i), item);
		if (i > 0 && item->number <= item[-1].number)
			loader_refuse(loader, "number", "not ascending");
		catalog->item_count = i + 1;
	}
}

static void
load_document(struct loader *loader, const struct json *document)
{
	static const char *const members[] = {"catalogue", "version", "issued",
	    "categories", "rules", "code_lists", "common", "items",
	    "anonymisation", "limits", "purposes", "alerts", NULL};
	struct catalog *catalog = loader->catalog;
	int year, month, day, end = 0;
	const char *issued;

	loader_check_members(loader, document, members);
	catalog->name = loader_need_name(loader, document, "catalogue");
	catalog->version = (uint64_t)loader_need_int(
	    loader, document, "version", 1, INT32_MAX);
	issued = loader_text(loader, document, "issued");
	if (*issued != '\0' &&
	    (sscanf(issued, "%4d-%2d-%2d%n", &year, &month, &day, &end) != 3 ||
		end != 10 || issued[end] != '\0' ||
		!clock_is_date(year, month, day)))
		loader_refuse(loader, "issued", "not a date");
	load_categories(loader, document);
	load_rules(loader, document);
	load_lists(loader, document);
	load_common(loader, document);
	load_items(loader, document);
	catalog_load_purposes(loader, document);
	catalog_load_mask(loader, document);
	catalog_load_limit_rules(loader, document);
	catalog_load_abuse(loader, document);
}

struct catalog *
catalog_parse(struct span json, struct why *why)
{
	struct loader loader = {.why = why};
	struct json *document;

	if (json.len > DOCUMENT_MAX) {
		why_set(why, ERR_LIMIT, "longer than %zu bytes", DOCUMENT_MAX);
		return NULL;
	}
	document = json_parse(json, why);
	if (document == NULL)
		return NULL;
	loader.arena = arena_new();
	loader.catalog = arena_take(loader.arena, sizeof(*loader.catalog));
	loader.catalog->arena = loader.arena;
	load_document(&loader, document);
	json_free(document);
	if (loader.failed) {
		catalog_free(loader.catalog);
		return NULL;
	}
	return loader.catalog;
}
