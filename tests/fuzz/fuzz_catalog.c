/*
 * Any bytes as a catalogue: refused with a reason, or whole.
 */
#include <assert.h>
#include <stdint.h>

#include "credit/catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_item(const struct item *item)
{
	const struct field *field;
	size_t i;

	assert(item->field_count > 0 && item->field_count < CATALOG_FIELDS_MAX);
	for (i = 0; i < item->field_count; i++) {
		field = &item->fields[i];
		assert(item_find_field(item, span_of(field->name)) == field);
		assert(item_find_number(item, field->number) == field);
		assert(field->type != FIELD_CODE || field->codes != NULL);
	}
	for (i = 0; i < item->key_count; i++)
		assert(item->fields[item->key[i]].required);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct why why = {""};
	struct catalog *catalog;
	const struct item *items;
	size_t i, count;

	catalog = catalog_parse(span_make(data, size), &why);
	if (catalog == NULL) {
		assert(why.text[0] != '\0');
		return 0;
	}
	items = catalog_items(catalog, &count);
	for (i = 0; i < count; i++)
		check_item(&items[i]);
	catalog_free(catalog);
	return 0;
}
