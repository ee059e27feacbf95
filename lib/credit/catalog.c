/*
 * catalog: looking things up in the sharing list.
 */
#include "credit/catalog.h"

#include <strings.h>

#include "credit/catalog_inner.h"
#include "credit/fold.h"

void
catalog_free(struct catalog *catalog)
{
	struct arena *arena;

	if (catalog == NULL)
		return;
	arena = catalog->arena;
	arena_free(arena);
}

uint64_t
catalog_version(const struct catalog *catalog)
{
	return catalog->version;
}

const struct category *
catalog_categories(const struct catalog *catalog, size_t *count)
{
	*count = catalog->category_count;
	return catalog->categories;
}

const struct category *
catalog_find_category(const struct catalog *catalog, uint32_t number)
{
	size_t i;

	for (i = 0; i < catalog->category_count; i++) {
		if (catalog->categories[i].number == number)
			return &catalog->categories[i];
	}
	return NULL;
}

const struct item *
catalog_items(const struct catalog *catalog, size_t *count)
{
	*count = catalog->item_count;
	return catalog->items;
}

const struct item *
catalog_find_item(const struct catalog *catalog, uint32_t number)
{
	size_t low = 0, high = catalog->item_count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (catalog->items[middle].number == number)
			return &catalog->items[middle];
		if (catalog->items[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct rule *
catalog_rules(const struct catalog *catalog, size_t *count)
{
	*count = catalog->rule_count;
	return catalog->rules;
}

const struct rule *
catalog_find_rule(const struct catalog *catalog, const char *id)
{
	size_t i;

	for (i = 0; i < catalog->rule_count; i++) {
		if (strcmp(catalog->rules[i].id, id) == 0)
			return &catalog->rules[i];
	}
	return NULL;
}

const struct code_list *
catalog_find_codes(const struct catalog *catalog, const char *name)
{
	size_t i;

	for (i = 0; i < catalog->list_count; i++) {
		if (strcmp(catalog->lists[i].name, name) == 0)
			return &catalog->lists[i];
	}
	return NULL;
}

static bool
is_called(struct span column, const char *name)
{
	struct span text = span_of(name);

	return text.len > 0 && text.len == column.len &&
	       strncasecmp(text.ptr, column.ptr, text.len) == 0;
}

bool
field_answers_to(const struct field *field, struct span column)
{
	const char *const *alias;

	if (is_called(column, field->name) || is_called(column, field->zh))
		return true;
	for (alias = field->aliases; alias != NULL && *alias != NULL; alias++) {
		if (is_called(column, *alias))
			return true;
	}
	return false;
}

static const struct field *
find_column(const struct field *fields, size_t count, struct span column)
{
	const struct field *found = NULL;
	struct buf buf = {0};
	struct span folded;
	size_t i;

	folded = fold_add(column, &buf);
	for (i = 0; i < count && found == NULL; i++) {
		if (field_answers_to(&fields[i], folded))
			found = &fields[i];
	}
	buf_release(&buf);
	return found;
}

const struct field *
catalog_find_common(const struct catalog *catalog, struct span column)
{
	return find_column(catalog->common, catalog->common_count, column);
}

const struct field *
item_find_field(const struct item *item, struct span column)
{
	return find_column(item->fields, item->field_count, column);
}

const struct field *
item_find_number(const struct item *item, uint32_t number)
{
	size_t i;

	for (i = 0; i < item->field_count; i++) {
		if (item->fields[i].number == number)
			return &item->fields[i];
	}
	return NULL;
}

bool
item_is_for(const struct item *item, unsigned purpose)
{
	return (item->purposes >> purpose & 1) != 0;
}

bool
item_protects(const struct item *item, const struct field *field)
{
	return item->needs_consent || field->class != FIELD_PUBLIC;
}

const char *field_class_name(enum field_class class)
{
	switch (class) {
	case FIELD_PUBLIC:
		return "public";
	case FIELD_RESTRICTED:
		return "restricted";
	case FIELD_PERSONAL:
		return "personal";
	}
	return "unknown";
}

const char *
field_type_name(enum field_type type)
{
	switch (type) {
	case FIELD_TEXT:
		return "text";
	case FIELD_CODE:
		return "code";
	case FIELD_DATE:
		return "date";
	case FIELD_MONTH:
		return "month";
	case FIELD_YEAR:
		return "year";
	case FIELD_INTEGER:
		return "integer";
	case FIELD_DECIMAL:
		return "decimal";
	case FIELD_MONEY:
		return "money";
	case FIELD_BOOLEAN:
		return "boolean";
	case FIELD_USCC:
		return "uscc";
	}
	return "unknown";
}
