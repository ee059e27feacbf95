/*
 * catalog_parse: the document of docs/CATALOGUE.md becomes a catalogue.
 *
 * The loader is sticky: after the first fault every call is harmless, and
 * catalog_parse is the one place that tells.
 */
#include <ctype.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "credit/catalog_inner.h"
#include "credit/code_index.h"
#include "credit/fold.h"

#define DOCUMENT_MAX ((size_t)8 << 20)
#define TEXT_MAX_DEFAULT 1000
#define TEXT_MAX_MOST 100000
/* One of a record's 64 fields is the source number. */
#define ITEM_FIELDS_MAX (CATALOG_FIELDS_MAX - 1)

struct loader {
	struct catalog *catalog;
	struct arena *arena;
	struct why *why;
	char where[80];
	bool failed;
};

static void
refuse(struct loader *loader, const char *member, const char *reason)
{
	if (loader->failed)
		return;
	loader->failed = true;
	why_set(loader->why, ERR_INVALID, "%s%.60s: %s", loader->where, member,
	    reason);
}

static void
check_members(
    struct loader *loader, const struct json *object, const char *const *names)
{
	const char *unknown = "";

	if (!json_is_object(object))
		refuse(loader, "", "not an object");
	else if (!json_has_only(object, names, &unknown))
		refuse(loader, unknown, "unknown member");
}

/* Folded, so that lookups compare bytes. */
static const char *
text_of(struct loader *loader, const struct json *value)
{
	struct buf buf = {0};
	struct span folded = fold_add(json_text(value), &buf);
	const char *text;

	text = arena_text(loader->arena, folded.ptr, folded.len);
	buf_release(&buf);
	return text;
}

/* "" when absent. */
static const char *
load_text(struct loader *loader, const struct json *object, const char *name)
{
	const struct json *value = json_find(object, name);

	if (value != NULL && !json_is_text(value))
		refuse(loader, name, "not a text");
	return text_of(loader, value);
}

static const char *
need_text(struct loader *loader, const struct json *object, const char *name)
{
	const char *text = load_text(loader, object, name);

	if (*text == '\0')
		refuse(loader, name, "missing");
	return text;
}

/* An identifier: a-z, 0-9, _ and -, beginning with a letter. */
static const char *
need_name(struct loader *loader, const struct json *object, const char *name)
{
	const char *text = need_text(loader, object, name);
	const char *c = text;

	while (islower((unsigned char)*c) ||
	       (c > text && *c != '\0' &&
		   (isdigit((unsigned char)*c) || *c == '_' || *c == '-')))
		c++;
	if (*c != '\0' || c - text > 64)
		refuse(loader, name, "not a name (a-z, 0-9, _, -)");
	return text;
}

static bool
load_bool(struct loader *loader, const struct json *object, const char *name)
{
	const struct json *value = json_find(object, name);

	if (value != NULL && json_bool(value, true) != json_bool(value, false))
		refuse(loader, name, "not true or false");
	return json_bool(value, false);
}

static int64_t
need_int(struct loader *loader, const struct json *object, const char *name,
    int64_t min, int64_t max)
{
	int64_t value = json_int(json_find(object, name), INT64_MIN);

	if (value < min || value > max) {
		refuse(loader, name, "missing, or not a number in range");
		return min;
	}
	return value;
}

/* Elements of a member that is an array; 0 when absent. */
static size_t
load_count(struct loader *loader, const struct json *object, const char *name,
    size_t max)
{
	const struct json *array = json_find(object, name);

	if (array == NULL)
		return 0;
	if (!json_is_array(array) || json_count(array) > max) {
		refuse(loader, name, "not an array, or too long");
		return 0;
	}
	return json_count(array);
}

static const char *const *
load_texts(struct loader *loader, const struct json *object, const char *name)
{
	size_t i, count = load_count(loader, object, name, 256);
	const struct json *array = json_find(object, name);
	const char **texts;

	texts = arena_take(loader->arena, (count + 1) * sizeof(*texts));
	for (i = 0; i < count; i++) {
		texts[i] = text_of(loader, json_at(array, i));
		if (*texts[i] == '\0')
			refuse(loader, name, "not a list of texts");
	}
	return texts;
}

/* Position of the member's text in `names`, which ends with NULL. */
static int
need_one_of(struct loader *loader, const struct json *object, const char *name,
    const char *const *names)
{
	const char *text = need_text(loader, object, name);
	int i;

	for (i = 0; names[i] != NULL; i++) {
		if (strcmp(text, names[i]) == 0)
			return i;
	}
	refuse(loader, name, "not one of the known words");
	return 0;
}

static const struct json *
element(const struct json *document, const char *name, size_t i)
{
	return json_at(json_find(document, name), i);
}

static void
load_categories(struct loader *loader, const struct json *document)
{
	static const char *const members[] = {"number", "zh", "en", NULL};
	struct catalog *catalog = loader->catalog;
	size_t i, count = load_count(loader, document, "categories", 1000);
	struct category *category;

	catalog->categories =
	    arena_take(loader->arena, count * sizeof(*category));
	for (i = 0; i < count && !loader->failed; i++) {
		const struct json *from = element(document, "categories", i);

		category = &catalog->categories[i];
		snprintf(loader->where, sizeof(loader->where),
		    "category %zu: ", i + 1);
		check_members(loader, from, members);
		category->number =
		    (uint32_t)need_int(loader, from, "number", 1, 100000);
		category->zh = need_text(loader, from, "zh");
		category->en = load_text(loader, from, "en");
		if (i > 0 && category->number <= category[-1].number)
			refuse(loader, "number", "not ascending");
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
	size_t i, count = load_count(loader, document, "rules", 1000);
	struct rule *rule;

	catalog->rules = arena_take(loader->arena, count * sizeof(*rule));
	for (i = 0; i < count && !loader->failed; i++) {
		const struct json *from = element(document, "rules", i);

		rule = &catalog->rules[i];
		snprintf(
		    loader->where, sizeof(loader->where), "rule %zu: ", i + 1);
		check_members(loader, from, members);
		rule->id = need_name(loader, from, "id");
		rule->zh = need_text(loader, from, "zh");
		rule->en = load_text(loader, from, "en");
		rule->rejects =
		    need_one_of(loader, from, "severity", severities) == 1;
		if (catalog_find_rule(catalog, rule->id) != NULL)
			refuse(loader, "id", "there twice");
		catalog->rule_count = i + 1;
	}
}

static void
load_codes(
    struct loader *loader, const struct json *from, struct code_list *list)
{
	static const char *const members[] = {
	    "code", "zh", "en", "names", "former", NULL};
	size_t i, count = load_count(loader, from, "codes", 100000);
	struct code *codes;

	codes = arena_take(loader->arena, count * sizeof(*codes));
	for (i = 0; i < count && !loader->failed; i++) {
		const struct json *code = element(from, "codes", i);

		check_members(loader, code, members);
		codes[i].code = need_text(loader, code, "code");
		codes[i].zh = need_text(loader, code, "zh");
		codes[i].en = load_text(loader, code, "en");
		codes[i].names = load_texts(loader, code, "names");
		codes[i].former = load_texts(loader, code, "former");
	}
	list->codes = codes;
	list->count = loader->failed ? 0 : count;
}

static void
load_lists(struct loader *loader, const struct json *document)
{
	static const char *const members[] = {"name", "codes", NULL};
	struct catalog *catalog = loader->catalog;
	size_t i, count = load_count(loader, document, "code_lists", 1000);
	struct code_list *list;

	catalog->lists = arena_take(loader->arena, count * sizeof(*list));
	for (i = 0; i < count && !loader->failed; i++) {
		const struct json *from = element(document, "code_lists", i);

		list = &catalog->lists[i];
		snprintf(loader->where, sizeof(loader->where),
		    "code list %zu: ", i + 1);
		check_members(loader, from, members);
		list->name = need_name(loader, from, "name");
		if (catalog_find_codes(catalog, list->name) != NULL)
			refuse(loader, "name", "there twice");
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

/* What item fields and common columns have both. */
static void
load_column(struct loader *loader, const struct json *from, struct field *field)
{
	int64_t max = TEXT_MAX_DEFAULT;

	field->name = need_name(loader, from, "name");
	field->zh = need_text(loader, from, "zh");
	field->en = load_text(loader, from, "en");
	field->type =
	    (enum field_type)need_one_of(loader, from, "type", type_names);
	field->required = load_bool(loader, from, "required");
	field->aliases = load_texts(loader, from, "aliases");
	field->unit = "";
	if (json_find(from, "max") != NULL)
		max = need_int(loader, from, "max", 1, TEXT_MAX_MOST);
	if (field->type == FIELD_TEXT)
		field->max = (size_t)max;
	else if (json_find(from, "max") != NULL)
		refuse(loader, "max", "only texts have it");
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
	size_t i, count = load_count(loader, document, "common", 3);
	struct field *field;
	int which;

	catalog->common = arena_take(loader->arena, count * sizeof(*field));
	for (i = 0; i < count && !loader->failed; i++) {
		const struct json *from = element(document, "common", i);

		field = &catalog->common[i];
		snprintf(loader->where, sizeof(loader->where),
		    "common column %zu: ", i + 1);
		check_members(loader, from, members);
		load_column(loader, from, field);
		which = need_one_of(loader, from, "name", names);
		if (field->type != types[which])
			refuse(loader, "type", "not the type of this column");
		if (which == 2)
			field->number = CATALOG_SOURCE_NUMBER;
		if (catalog_find_common(catalog, span_of(field->name)) != NULL)
			refuse(loader, "name", "there twice");
		catalog->common_count = i + 1;
	}
}

static void
load_type_details(
    struct loader *loader, const struct json *from, struct field *field)
{
	const char *codes = load_text(loader, from, "codes");
	const char *currency_to = load_text(loader, from, "currency_to");

	field->unit = load_text(loader, from, "unit");
	field->codes = catalog_find_codes(loader->catalog, codes);
	field->currency_to = *currency_to != '\0' ? currency_to : NULL;
	field->in_wan = strcmp(field->unit, "wan") == 0;
	if (field->type == FIELD_CODE && field->codes == NULL)
		refuse(loader, "codes", "no such code list");
	if (field->type != FIELD_CODE && *codes != '\0')
		refuse(loader, "codes", "only codes have it");
	if (field->type != FIELD_MONEY && field->currency_to != NULL)
		refuse(loader, "currency_to", "only money has it");
	if (field->type != FIELD_MONEY && field->in_wan)
		refuse(loader, "unit", "only money is in wan");
	if (field->type == FIELD_MONEY && *field->unit != '\0' &&
	    strcmp(field->unit, "yuan") != 0 && !field->in_wan)
		refuse(loader, "unit", "money is in yuan or wan");
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
		refuse(loader, "name",
		    "this name, alias or Chinese name is another column's");
}

static void
load_field(struct loader *loader, const struct json *from,
    const struct item *item, struct field *field)
{
	static const char *const members[] = {"number", "name", "zh", "en",
	    "type", "class", "required", "max", "codes", "unit", "currency_to",
	    "aliases", NULL};

	check_members(loader, from, members);
	field->number = (uint32_t)need_int(
	    loader, from, "number", 1, CATALOG_SOURCE_NUMBER - 1);
	load_column(loader, from, field);
	field->class =
	    (enum field_class)need_one_of(loader, from, "class", class_names);
	load_type_details(loader, from, field);
	if (item->field_count > 0 && field->number <= field[-1].number)
		refuse(loader, "number", "not ascending");
	if (!loader->failed)
		check_labels(loader, item, field);
}

static void
load_fields(struct loader *loader, const struct json *from, struct item *item)
{
	size_t i, count = load_count(loader, from, "fields", ITEM_FIELDS_MAX);
	struct field *fields;

	fields = arena_take(loader->arena, count * sizeof(*fields));
	item->fields = fields;
	if (count == 0)
		refuse(loader, "fields", "missing");
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
	const char *const *names = load_texts(loader, from, "key");
	const struct field *field;
	uint32_t *key, at;
	size_t i, j;

	key = arena_take(loader->arena, ITEM_FIELDS_MAX * sizeof(*key));
	item->key = key;
	for (i = 0; names[i] != NULL && !loader->failed; i++) {
		field = find_name(item, names[i]);
		if (field == NULL || !field->required) {
			refuse(loader, "key", "not a required field");
			return;
		}
		at = (uint32_t)(field - item->fields);
		for (j = 0; j < i; j++) {
			if (key[j] == at)
				refuse(loader, "key", "a field twice");
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
	check_members(loader, retention, members);
	item->retention_years =
	    (unsigned)need_int(loader, retention, "years", 0, 200);
	item->retention_from = load_text(loader, retention, "from");
	if (*item->retention_from != '\0' &&
	    strcmp(item->retention_from, "data_date") != 0 &&
	    find_name(item, item->retention_from) == NULL)
		refuse(loader, "retention.from", "no such field");
}

static void
load_provider(struct loader *loader, const struct json *from, struct item *item)
{
	static const char *const members[] = {"zh", "en", NULL};
	const struct json *provider = json_find(from, "provider");

	check_members(loader, provider, members);
	item->provider_zh = need_text(loader, provider, "zh");
	item->provider_en = load_text(loader, provider, "en");
}

static void
check_references(struct loader *loader, const struct item *item)
{
	const struct catalog *catalog = loader->catalog;
	const struct field *field, *target;
	size_t i;

	for (i = 0; i < catalog->category_count; i++) {
		if (catalog->categories[i].number == item->category)
			break;
	}
	if (i == catalog->category_count)
		refuse(loader, "category", "no such category");
	for (i = 0; i < item->field_count; i++) {
		field = &item->fields[i];
		if (field->currency_to == NULL)
			continue;
		target = find_name(item, field->currency_to);
		if (target == NULL ||
		    (target->type != FIELD_TEXT && target->type != FIELD_CODE))
			refuse(loader, "currency_to", "no such text or code");
	}
}

static void
load_item(struct loader *loader, const struct json *from, struct item *item)
{
	static const char *const members[] = {"number", "category", "zh", "en",
	    "provider", "mode", "consent", "negative", "cadence", "retention",
	    "key", "fields", NULL};
	static const char *const cadences[] = {
	    "daily", "weekly", "monthly", "quarterly", "yearly", NULL};

	check_members(loader, from, members);
	item->number =
	    (uint32_t)need_int(loader, from, "number", 1, CATALOG_ITEM_MAX);
	item->category =
	    (uint32_t)need_int(loader, from, "category", 1, 100000);
	item->zh = need_text(loader, from, "zh");
	item->en = load_text(loader, from, "en");
	item->mode = need_name(loader, from, "mode");
	item->cadence =
	    cadences[need_one_of(loader, from, "cadence", cadences)];
	item->needs_consent = load_bool(loader, from, "consent");
	item->is_negative = load_bool(loader, from, "negative");
	load_provider(loader, from, item);
	load_fields(loader, from, item);
	load_key(loader, from, item);
	load_retention(loader, from, item);
	check_references(loader, item);
}

static void
load_items(struct loader *loader, const struct json *document)
{
	struct catalog *catalog = loader->catalog;
	size_t i, count = load_count(loader, document, "items", 4096);
	struct item *item;

	catalog->items = arena_take(loader->arena, count * sizeof(*item));
	for (i = 0; i < count && !loader->failed; i++) {
		item = &catalog->items[i];
		snprintf(loader->where, sizeof(loader->where),
		    "item at %zu: ", i + 1);
		load_item(loader, element(document, "items", i), item);
		if (i > 0 && item->number <= item[-1].number)
			refuse(loader, "number", "not ascending");
		catalog->item_count = i + 1;
	}
}

static void
load_document(struct loader *loader, const struct json *document)
{
	static const char *const members[] = {"catalogue", "version", "issued",
	    "categories", "rules", "code_lists", "common", "items", NULL};
	struct catalog *catalog = loader->catalog;
	int year, month, day, end = 0;
	const char *issued;

	check_members(loader, document, members);
	catalog->name = need_name(loader, document, "catalogue");
	catalog->version =
	    (uint64_t)need_int(loader, document, "version", 1, INT32_MAX);
	issued = load_text(loader, document, "issued");
	if (*issued != '\0' &&
	    (sscanf(issued, "%4d-%2d-%2d%n", &year, &month, &day, &end) != 3 ||
		end != 10 || issued[end] != '\0' ||
		!clock_is_date(year, month, day)))
		refuse(loader, "issued", "not a date");
	load_categories(loader, document);
	load_rules(loader, document);
	load_lists(loader, document);
	load_common(loader, document);
	load_items(loader, document);
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
