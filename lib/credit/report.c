/*
 * report: the answer to one question, as JSON.
 */
#include "credit/report.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

/* More digits than a JSON reader's double keeps exactly. */
#define INTEGER_DIGITS_MAX 15
/* Most reports are no longer, receipt included. */
#define FIRST_ROOM 16384

/*
 * An item's as-of time and provider come before its records but are known
 * after the last of them, so the records of the open item wait in a buffer.
 */
struct report {
	const struct question *question;
	const struct permit *permit;
	const struct standpoint *standpoint;
	struct json_out out;
	size_t start; /* of the report in the buffer */
	size_t at;    /* index of the open item in the permit */
	struct buf records;
	struct json_out records_out;
	struct buf provider; /* of the newest record */
	int64_t as_of_us;
	size_t item_records;
	size_t record_count;
};

static void
put_time(struct json_out *out, const char *name, int64_t time_us)
{
	char text[CLOCK_TEXT_MAX];

	json_put_cstr(out, name, clock_print(time_us, text));
}

static void
put_asking(struct json_out *out, const struct question *question,
    const struct asking *asking)
{
	json_open_object(out, "asked");
	json_put_cstr(out, "node", asking->node);
	json_put_cstr(out, "by", asking->member);
	json_put_cstr(out, "name", asking->name);
	json_put_cstr(out, "purpose", purpose_name(question->purpose));
	if (question->consent[0] != '\0')
		json_put_cstr(out, "consent", question->consent);
	else
		json_put_null(out, "consent");
	put_time(out, "time", asking->time_us);
	json_put_int(out, "catalogue", (int64_t)asking->catalogue);
	json_close_object(out);
}

/* Under which, and how long the reader may keep what it opens: to the second.
 */
static void
put_consent(struct json_out *out, const struct permit *permit)
{
	const struct consent *consent = permit->consent;

	json_open_object(out, "consent");
	json_put_cstr(out, "id", consent->id);
	json_put_int(out, "data_life_days", consent->data_life_days);
	put_time(out, "keep_until",
	    permit->keep_until_us / CLOCK_SECOND * CLOCK_SECOND);
	json_close_object(out);
}

struct report *
report_new(const struct question *question, const struct permit *permit,
    const struct asking *asking, const struct standpoint *standpoint,
    struct buf *buf)
{
	struct report *report = mem_new(sizeof(*report));

	report->question = question;
	report->permit = permit;
	report->standpoint = standpoint;
	report->out.buf = buf;
	report->start = buf->len;
	report->records_out.buf = &report->records;
	buf_room(buf, FIRST_ROOM);
	buf_room(&report->records, FIRST_ROOM / 4);
	json_open_object(&report->out, NULL);
	json_put_cstr(&report->out, "subject", question->subject);
	json_put_cstr(
	    &report->out, "level", permit->authorised ? "C" : "public");
	if (asking->is_sandbox)
		json_put_bool(&report->out, "sandbox", true);
	put_asking(&report->out, question, asking);
	if (permit->consent != NULL)
		put_consent(&report->out, permit);
	json_open_array(&report->out, "items");
	return report;
}

void
report_free(struct report *report)
{
	if (report == NULL)
		return;
	buf_release(&report->records);
	buf_release(&report->provider);
	mem_free(report);
}

static bool
is_json_integer(struct span text)
{
	size_t i = text.len > 0 && text.ptr[0] == '-' ? 1 : 0;
	size_t first = i;

	for (; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
	}
	return i > first && i - first <= INTEGER_DIGITS_MAX &&
	       (text.ptr[first] != '0' || i - first == 1);
}

/* Stored text is never printed bare unless it is what it says it is. */
static void
put_value(struct json_out *out, const struct field *field, struct span value)
{
	bool bare = false;

	if (field->type == FIELD_INTEGER)
		bare = is_json_integer(value);
	else if (field->type == FIELD_BOOLEAN)
		bare = span_is(value, "true") || span_is(value, "false");
	if (bare)
		json_put_labelled_raw(out, field->label, value);
	else
		json_put_labelled(out, field->label, value);
}

void
report_put_fields(const struct permit_item *asked, const struct record *record,
    struct json_out *out)
{
	const struct record_field *found;
	const struct field *field;
	size_t i, at = 0;

	for (i = 0; i < asked->item->field_count && i < CATALOG_FIELDS_MAX;
	     i++) {
		if ((asked->shown >> i & 1) == 0)
			continue;
		field = &asked->item->fields[i];
		found = record_find_next(record, field->number, &at);
		if (found != NULL)
			put_value(out, field, found->value);
	}
}

static void
put_provider(const struct report *report, struct json_out *out)
{
	const struct item *item = report->permit->items[report->at].item;

	if (report->item_records == 0)
		json_put_null(out, "provider");
	else if (report->provider.len == 0)
		json_put_cstr(out, "provider", item->provider_zh);
	else
		json_put_text(out, "provider", buf_span(&report->provider));
}

/* An item without records is an answer too: nothing is known up to this
 * position. */
static void
put_item(struct report *report)
{
	const struct permit_item *asked = &report->permit->items[report->at];
	struct json_out *out = &report->out;

	json_open_object(out, NULL);
	json_put_int(out, "item", asked->item->number);
	if (report->item_records == 0)
		json_put_null(out, "as_of");
	else
		put_time(out, "as_of", report->as_of_us);
	json_put_cstr(out, "stream", report->standpoint->stream);
	json_put_int(out, "position", (int64_t)report->standpoint->position);
	put_provider(report, out);
	json_open_array(out, "records");
	json_put_raw(out, NULL, buf_span(&report->records));
	json_close_array(out);
	json_close_object(out);
}

static void
close_item(struct report *report)
{
	if (report->permit->items[report->at].shown != 0)
		put_item(report);
	report->at++;
	buf_reset(&report->records);
	buf_reset(&report->provider);
	report->records_out.comma = false;
	report->item_records = 0;
}

/* The item asked for that this record belongs to; NULL when it is none. */
static const struct permit_item *
move_to(struct report *report, uint32_t item)
{
	const struct permit *permit = report->permit;
	const struct permit_item *asked;

	while (report->at < permit->item_count &&
	       permit->items[report->at].item->number < item)
		close_item(report);
	if (report->at == permit->item_count)
		return NULL;
	asked = &permit->items[report->at];
	return asked->item->number == item && asked->shown != 0 ? asked : NULL;
}

static void
note_newest(struct report *report, const struct record *record)
{
	if (report->item_records > 0 && record->as_of_us <= report->as_of_us)
		return;
	report->as_of_us = record->as_of_us;
	buf_reset(&report->provider);
	buf_add(&report->provider, record->provider.ptr, record->provider.len);
}

void
report_add(
    struct report *report, const struct record *record, struct span statements)
{
	struct json_out *out = &report->records_out;
	const struct record_field *source;
	const struct permit_item *asked;

	if (record->state == RECORD_WITHDRAWN ||
	    !span_is(record->subject, report->question->subject))
		return;
	asked = move_to(report, record->item);
	if (asked == NULL)
		return;
	json_open_object(out, NULL);
	report_put_fields(asked, record, out);
	source = record_find(record, CATALOG_SOURCE_NUMBER);
	if (source != NULL)
		json_put_text(out, "source_number", source->value);
	json_put_cstr(out, "state", record_state_name(record->state));
	if (statements.len > 0) {
		json_open_array(out, "statements");
		json_put_raw(out, NULL, statements);
		json_close_array(out);
	}
	json_close_object(out);
	note_newest(report, record);
	report->item_records++;
	report->record_count++;
}

static void
put_withheld(struct json_out *out, const struct permit_item *asked)
{
	size_t i;

	if (asked->withheld == 0)
		return;
	json_open_object(out, NULL);
	json_put_int(out, "item", asked->item->number);
	json_open_array(out, "fields");
	for (i = 0; i < asked->item->field_count && i < CATALOG_FIELDS_MAX;
	     i++) {
		if ((asked->withheld >> i & 1) != 0)
			json_put_cstr(out, NULL, asked->item->fields[i].name);
	}
	json_close_array(out);
	json_put_cstr(out, "rule", permit_rule_name(asked->rule));
	json_close_object(out);
}

void
report_end_items(struct report *report)
{
	const struct permit *permit = report->permit;
	size_t i;

	while (report->at < permit->item_count)
		close_item(report);
	json_close_array(&report->out);
	json_open_array(&report->out, "withheld");
	for (i = 0; i < permit->item_count; i++)
		put_withheld(&report->out, &permit->items[i]);
	json_close_array(&report->out);
}

struct digest
report_digest(const struct report *report)
{
	const struct buf *buf = report->out.buf;

	return digest_of(
	    span_make(buf->data + report->start, buf->len - report->start));
}

void
report_end(struct report *report, uint64_t index, const struct digest *leaf,
    const struct use *use)
{
	char hex[DIGEST_HEX_LEN + 1];

	json_open_object(&report->out, "receipt");
	json_put_int(&report->out, "index", (int64_t)index);
	json_put_cstr(&report->out, "leaf_hash", digest_print(leaf, hex));
	if (use->most > 0) {
		json_open_object(&report->out, "use");
		json_put_int(&report->out, "number", use->number);
		json_put_int(&report->out, "of", use->most);
		json_close_object(&report->out);
	}
	json_close_object(&report->out);
	json_close_object(&report->out);
}

size_t
report_record_count(const struct report *report)
{
	return report->record_count;
}
