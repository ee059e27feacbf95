/*
 * fields: a record's fields as the ledger keeps them.
 */
#include "hub/fields.h"

#include <string.h>

#define SOURCE_NUMBER "source_number"
#define DOCUMENT "document"
#define REVOCATION "revocation"

/* Control records have documents, and a consent what revoked it. */
const char *
fields_name(const struct item *item, uint32_t number)
{
	const struct field *field;

	if (item == NULL)
		return number == 1 ? DOCUMENT : REVOCATION;
	if (number == CATALOG_SOURCE_NUMBER)
		return SOURCE_NUMBER;
	field = item_find_number(item, number);
	return field != NULL ? field->name : "?";
}

static uint32_t
number_of(const struct item *item, const char *name)
{
	size_t i;

	if (item == NULL && strcmp(name, DOCUMENT) == 0)
		return 1;
	if (item == NULL)
		return strcmp(name, REVOCATION) == 0 ? 2 : 0;
	if (strcmp(name, SOURCE_NUMBER) == 0)
		return CATALOG_SOURCE_NUMBER;
	for (i = 0; i < item->field_count; i++)
		if (strcmp(item->fields[i].name, name) == 0)
			return item->fields[i].number;
	return 0;
}

void
fields_print(
    const struct item *item, const struct record *record, struct buf *out)
{
	struct json_out json = {.buf = out};
	size_t i;

	json_open_object(&json, NULL);
	for (i = 0; i < record->field_count; i++)
		json_put_text(&json,
		    fields_name(item, record->fields[i].number),
		    record->fields[i].value);
	json_close_object(&json);
}

struct reading {
	const struct item *item;
	struct fields *fields;
};

static bool
on_field(void *context, const char *name, const struct json *value)
{
	const struct reading *reading = context;
	struct fields *fields = reading->fields;
	uint32_t number = number_of(reading->item, name);
	size_t at = fields->count;

	if (number == 0 || at == RECORD_FIELDS_MAX) {
		fields->unknown++;
		return true;
	}
	for (; at > 0 && fields->list[at - 1].number > number; at--)
		fields->list[at] = fields->list[at - 1];
	fields->list[at] = (struct record_field){number, json_text(value)};
	fields->count++;
	return true;
}

void
fields_read(
    const struct item *item, const struct json *document, struct fields *fields)
{
	struct reading reading = {item, fields};

	fields->count = 0;
	fields->unknown = 0;
	(void)json_each(document, on_field, &reading);
}
