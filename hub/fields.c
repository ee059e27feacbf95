/*
 * fields: a record's fields as the ledger keeps them.
 */
#include "hub/fields.h"

#include <string.h>

#define SOURCE_NUMBER "source_number"

/* Control records have documents; a consent has what revoked it, or whether it
 * was paused or resumed last, when, and by what. */
static const char *const control_names[] = {
    "?", "document", "revocation", "order", "ordered_at", "ordered_by"};
#define CONTROL_FIELDS (sizeof(control_names) / sizeof(*control_names))

const char *
fields_name(const struct item *item, uint32_t number)
{
	const struct field *field;

	if (item == NULL)
		return number < CONTROL_FIELDS ? control_names[number] : "?";
	if (number == CATALOG_SOURCE_NUMBER)
		return SOURCE_NUMBER;
	field = item_find_number(item, number);
	return field != NULL ? field->name : "?";
}

static uint32_t
control_number_of(const char *name)
{
	uint32_t i;

	for (i = 1; i < CONTROL_FIELDS; i++) {
		if (strcmp(name, control_names[i]) == 0)
			return i;
	}
	return 0;
}

static uint32_t
number_of(const struct item *item, const char *name)
{
	size_t i;

	if (item == NULL)
		return control_number_of(name);
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
