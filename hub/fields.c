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

/* In its place; number 0: a name that nobody knows. */
static void
add(struct fields *fields, uint32_t number, struct span value)
{
	size_t at = fields->count;

	if (number == 0 || at == RECORD_FIELDS_MAX) {
		fields->unknown++;
		return;
	}
	for (; at > 0 && fields->list[at - 1].number > number; at--)
		fields->list[at] = fields->list[at - 1];
	fields->list[at] = (struct record_field){number, value};
	fields->count++;
}

struct reading {
	const struct item *item;
	struct fields *fields;
};

static bool
on_field(void *context, const char *name, const struct json *value)
{
	const struct reading *reading = context;

	add(reading->fields, number_of(reading->item, name), json_text(value));
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

static bool
take(struct span *rest, const char *words)
{
	size_t len = strlen(words);

	if (rest->len < len || memcmp(rest->ptr, words, len) != 0)
		return false;
	*rest = span_make(rest->ptr + len, rest->len - len);
	return true;
}

/* Between quotes, no escape among them. */
static bool
take_text(struct span *rest, struct span *text)
{
	const char *end;

	if (!take(rest, "\""))
		return false;
	end = memchr(rest->ptr, '"', rest->len);
	if (end == NULL)
		return false;
	*text = span_make(rest->ptr, (size_t)(end - rest->ptr));
	*rest = span_make(end + 1, rest->len - text->len - 1);
	return text->len == 0 || memchr(text->ptr, '\\', text->len) == NULL;
}

static uint32_t
number_of_span(const struct item *item, struct span name)
{
	const struct field *field;
	size_t i;

	for (i = 0; i < item->field_count; i++) {
		field = &item->fields[i];
		/* Its label is "name": */
		if (field->label.len == name.len + 3 &&
		    memcmp(field->label.ptr + 1, name.ptr, name.len) == 0)
			return field->number;
	}
	return span_is(name, SOURCE_NUMBER) ? CATALOG_SOURCE_NUMBER : 0;
}

bool
fields_skim(const struct item *item, struct span text, struct fields *fields)
{
	struct span name, value;

	fields->count = 0;
	fields->unknown = 0;
	if (!take(&text, "{"))
		return false;
	do {
		if (!take_text(&text, &name) || !take(&text, ": ") ||
		    !take_text(&text, &value))
			return false;
		add(fields, number_of_span(item, name), value);
	} while (take(&text, ", "));
	return take(&text, "}") && text.len == 0;
}
