/*
 * catalog_check: the checks, limits and precedence of a catalogue's items.
 *
 * Whatever a finding may say is explained: a limit or check whose rule is not
 * among the catalogue's rules is refused.
 */
#include "credit/catalog_check.h"

#include <stdio.h>
#include <string.h>

#include "credit/check.h"
#include "credit/member.h"
#include "credit/pattern.h"
#include "credit/value.h"

#define PROVINCIAL_FROM 1001
#define SLACK_MAX 1000000000
#define PRECEDENCE_MAX 64

static void
need_rule(struct loader *loader, const char *member, const char *id)
{
	if (catalog_find_rule(loader->catalog, id) == NULL)
		loader_refuse(loader, member, "its rule is not in rules");
}

static bool
is_date(const struct field *field)
{
	return field->type == FIELD_DATE || field->type == FIELD_MONTH ||
	       field->type == FIELD_YEAR;
}

static bool
is_number(const struct field *field)
{
	return field->type == FIELD_INTEGER || field->type == FIELD_DECIMAL ||
	       field->type == FIELD_MONEY;
}

/* As a cell would say it, in canonical form. */
static const char *
canonical(struct loader *loader, const struct field *field, const char *member,
    const char *text)
{
	const char *result = "";
	struct buf buf = {0};

	if (value_normalise(field, span_of(text), &buf, NULL) != VALUE_OK)
		loader_refuse(loader, member, "not a value of the field");
	else
		result = arena_text(loader->arena, buf.data, buf.len);
	buf_release(&buf);
	return result;
}

static const char *
load_limit(struct loader *loader, const struct json *from,
    const struct field *field, const char *member)
{
	const char *text = loader_text(loader, from, member);

	if (json_find(from, member) == NULL)
		return NULL;
	need_rule(loader, member, "range");
	if (is_date(field) && strcmp(text, "today") == 0)
		return text;
	if (!is_date(field) && !is_number(field))
		loader_refuse(loader, member, "only dates and numbers have it");
	return canonical(loader, field, member, text);
}

static void
load_pattern(
    struct loader *loader, const struct json *from, struct field *field)
{
	const char *text = loader_text(loader, from, "pattern");

	if (json_find(from, "pattern") == NULL)
		return;
	need_rule(loader, "pattern", "pattern");
	if (field->type != FIELD_TEXT)
		loader_refuse(loader, "pattern", "only texts have it");
	field->pattern = pattern_parse(loader->arena, span_of(text));
	if (field->pattern == NULL)
		loader_refuse(loader, "pattern", "not a pattern");
}

void
catalog_load_limits(
    struct loader *loader, const struct json *from, struct field *field)
{
	load_pattern(loader, from, field);
	field->min_value = load_limit(loader, from, field, "min_value");
	field->max_value = load_limit(loader, from, field, "max_value");
	if (json_find(from, "min_length") == NULL)
		return;
	need_rule(loader, "min_length", "too_short");
	if (field->type != FIELD_TEXT)
		loader_refuse(loader, "min_length", "only texts have it");
	else
		field->min_len = (size_t)loader_need_int(
		    loader, from, "min_length", 1, (int64_t)field->max);
}

static bool
find_index(const struct item *item, const char *name, uint32_t *index)
{
	size_t i;

	for (i = 0; i < item->field_count; i++) {
		if (strcmp(item->fields[i].name, name) == 0) {
			*index = (uint32_t)i;
			return true;
		}
	}
	return false;
}

static void
load_check_fields(struct loader *loader, const struct json *from,
    const struct item *item, struct check *check)
{
	const char *const *names = loader_texts(loader, from, "fields");
	size_t i;

	for (i = 0; names[i] != NULL && !loader->failed; i++) {
		if (i == CHECK_FIELDS_MAX ||
		    !find_index(item, names[i], &check->fields[i])) {
			loader_refuse(
			    loader, "fields", "too many, or no such field");
			return;
		}
		check->field_count = i + 1;
	}
}

/* Which fields a kind takes. */
static bool
fields_fit(const struct item *item, const struct check *check)
{
	size_t i, count = check->field_count, dates = 0, numbers = 0;
	const struct field *field;

	for (i = 0; i < count; i++) {
		field = &item->fields[check->fields[i]];
		dates += is_date(field);
		numbers += is_number(field);
	}
	switch (check->kind) {
	case CHECK_BEFORE_OR_EQUAL:
		return count == 2 && dates == 2;
	case CHECK_AT_MOST:
		return count == 2 && numbers == 2;
	case CHECK_SUM_OF:
		return count >= 3 && numbers == count;
	case CHECK_PRESENT_IF:
		return count == 2;
	case CHECK_ANY_OF:
		return count >= 2;
	case CHECK_REGISTERED:
		return count == 0;
	case CHECK_FOUNDED_BEFORE:
		return count == 1 &&
		       item->fields[check->fields[0]].type == FIELD_DATE;
	case CHECK_SAME_PROVINCE:
		return count == 1 &&
		       item->fields[check->fields[0]].type == FIELD_USCC;
	}
	return false;
}

static void
load_details(struct loader *loader, const struct json *from,
    const struct item *item, struct check *check)
{
	const char *equals = loader_text(loader, from, "equals");
	bool conditional = check->kind == CHECK_PRESENT_IF;
	bool has_slack = json_find(from, "slack") != NULL;

	if (!fields_fit(item, check))
		loader_refuse(
		    loader, "fields", "not the fields that this rule takes");
	if (conditional != (*equals != '\0'))
		loader_refuse(
		    loader, "equals", "present_if has it, and only that");
	if (has_slack && check->kind != CHECK_SUM_OF)
		loader_refuse(loader, "slack", "only sum_of has it");
	if (check_needs_ledger(check) && check->rejects)
		loader_refuse(
		    loader, "severity", "what other records say is a warning");
	if (loader->failed)
		return;
	if (conditional)
		check->equals = canonical(
		    loader, &item->fields[check->fields[1]], "equals", equals);
	if (has_slack)
		check->slack =
		    loader_need_int(loader, from, "slack", 0, SLACK_MAX);
}

static void
load_check(struct loader *loader, const struct json *from,
    const struct item *item, struct check *check)
{
	static const char *const members[] = {
	    "id", "rule", "fields", "severity", "equals", "slack", NULL};
	static const char *const kinds[] = {"before_or_equal", "at_most",
	    "sum_of", "present_if", "any_of", "registered", "founded_before",
	    "same_province", NULL};
	static const char *const severities[] = {"warn", "reject", NULL};

	loader_check_members(loader, from, members);
	check->id = loader_need_name(loader, from, "id");
	if (!loader->failed)
		need_rule(loader, "id", check->id);
	check->kind =
	    (enum check_kind)loader_need_one_of(loader, from, "rule", kinds);
	check->rejects =
	    loader_need_one_of(loader, from, "severity", severities) == 1;
	load_check_fields(loader, from, item, check);
	load_details(loader, from, item, check);
}

void
catalog_load_checks(
    struct loader *loader, const struct json *from, struct item *item)
{
	size_t i, count = loader_count(loader, from, "checks", CHECKS_MAX);
	const struct json *array = json_find(from, "checks");
	struct check *checks;

	checks = arena_take(loader->arena, count * sizeof(*checks));
	item->checks = checks;
	for (i = 0; i < count && !loader->failed; i++) {
		snprintf(loader->where, sizeof(loader->where),
		    "item %u: check %zu: ", item->number, i + 1);
		load_check(loader, json_at(array, i), item, &checks[i]);
		item->check_count = i + 1;
	}
	snprintf(
	    loader->where, sizeof(loader->where), "item %u: ", item->number);
}

void
catalog_load_division(
    struct loader *loader, const struct json *from, struct item *item)
{
	const struct code_list *provinces =
	    catalog_find_codes(loader->catalog, "province");
	const char *text = loader_text(loader, from, "division");

	item->division = text;
	if (json_find(from, "division") == NULL)
		return;
	if (item->number < PROVINCIAL_FROM)
		loader_refuse(
		    loader, "division", "only items from 1001 on have it");
	if (strlen(text) != 2 || strspn(text, "0123456789") != 2 ||
	    (provinces != NULL &&
		code_list_find(provinces, span_of(text)) == NULL))
		loader_refuse(loader, "division", "not a province");
}

/* Does an earlier entry take everything that a later one says? */
static bool
covers(struct span earlier, struct span later)
{
	size_t len = earlier.len;

	if (len == 0 || earlier.ptr[len - 1] != '*')
		return len == later.len &&
		       memcmp(earlier.ptr, later.ptr, len) == 0;
	return later.len >= len && memcmp(earlier.ptr, later.ptr, len - 1) == 0;
}

static bool
names_providers(struct span entry)
{
	if (entry.len > 1 && entry.ptr[entry.len - 1] == '*')
		entry.len--;
	return member_code_is_valid(entry);
}

const char *const *
catalog_load_precedence(struct loader *loader, const struct json *from)
{
	const char *const *entries = loader_texts(loader, from, "precedence");
	size_t i, j;

	for (i = 0; entries[i] != NULL && !loader->failed; i++) {
		if (i == PRECEDENCE_MAX ||
		    !names_providers(span_of(entries[i])))
			loader_refuse(loader, "precedence",
			    "too many, or no member code or its beginning");
		for (j = 0; j < i; j++) {
			if (covers(span_of(entries[j]), span_of(entries[i])))
				loader_refuse(loader, "precedence",
				    "an entry that one before it covers");
		}
	}
	return entries;
}

void
catalog_load_category(
    struct loader *loader, const struct json *from, struct item *item)
{
	const struct category *category;

	item->category =
	    (uint32_t)loader_need_int(loader, from, "category", 1, 100000);
	category = catalog_find_category(loader->catalog, item->category);
	if (category == NULL)
		loader_refuse(loader, "category", "no such category");
	else if (json_find(from, "precedence") == NULL)
		item->precedence = category->precedence;
	else
		item->precedence = catalog_load_precedence(loader, from);
}
