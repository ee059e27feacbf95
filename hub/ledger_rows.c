/*
 * ledger_rows: rows of a batch as COPY wants them.
 */
#include "hub/ledger_inner.h"

#include "base/json.h"
#include "base/text.h"
#include "credit/check.h"
#include "hub/fields.h"
#include "hub/merger.h"
#include "wire/pack.h"

#define ORIGINAL_MAX 65536
#define OLD_NUMBER "registration_number"
#define OLD_NUMBER_LEN 15

static void
put_fields(struct ledger *ledger, const struct ledger_row *row, struct buf *out)
{
	buf_reset(&ledger->scratch);
	fields_print(row->item, row->record, &ledger->scratch);
	pg_put_jsonb(out, buf_span(&ledger->scratch));
}

void
ledger_put_body(
    struct ledger *ledger, const struct ledger_row *row, bool packed)
{
	struct record first = *row->record;
	struct buf *bodies = &ledger->bodies;

	pg_put_row(bodies, 5);
	pg_put_int8(bodies, (int64_t)row->line);
	pg_put_bytes(bodies, first.provider);
	pg_put_time(bodies, first.as_of_us);
	if (packed) {
		/* Most are new: packed with the version they will have. */
		first.version = 1;
		buf_reset(&ledger->scratch);
		pack_record(&first, &ledger->scratch);
		pg_put_bytes(bodies, buf_span(&ledger->scratch));
	} else {
		pg_put_null(bodies);
	}
	put_fields(ledger, row, bodies);
}

static void
put_stated(struct buf *rows, const struct ledger_row *row)
{
	if (row->dated)
		pg_put_time(rows, row->record->as_of_us);
	else
		pg_put_null(rows);
}

void
ledger_put_record(struct ledger *ledger, const struct ledger_row *row,
    const struct ledger_place *place)
{
	const struct record *record = row->record;
	struct buf *rows =
	    record->version == 1 ? &ledger->records : &ledger->revised;

	pg_put_row(rows, 14);
	pg_put_bytes(rows, span_of(place->stream));
	pg_put_int4(rows, (int32_t)record->item);
	pg_put_bytes(rows, record->subject);
	pg_put_bytes(rows, record->key);
	pg_put_int8(rows, (int64_t)record->version);
	pg_put_int2(rows, (int16_t)record->state);
	pg_put_bytes(rows, span_make(place->digest.bytes, DIGEST_LEN));
	put_fields(ledger, row, rows);
	pg_put_bytes(rows, record->provider);
	pg_put_time(rows, record->as_of_us);
	put_stated(rows, row);
	pg_put_time(rows, place->known_us);
	pg_put_int8(rows, ledger->number);
	pg_put_int8(rows, (int64_t)place->position);
}

/* A field of registrations; 0 when there is none of that name. */
static uint32_t
choose_named(struct ledger *ledger, const struct item *item, const char *name)
{
	const struct field *field = item_find_field(item, span_of(name));

	if (item->number != 1 || field == NULL)
		return 0;
	ledger->said[ledger->said_count++] = field->number;
	return field->number;
}

/* Fields that statements of the merge ask for, by number. */
void
ledger_choose_said(struct ledger *ledger, const struct item *item)
{
	size_t i;

	ledger->said_count = 0;
	ledger->said[ledger->said_count++] = CATALOG_SOURCE_NUMBER;
	ledger->old_number = choose_named(ledger, item, OLD_NUMBER);
	ledger->successor = choose_named(ledger, item, MERGER_FIELD);
	for (i = 0; i < item->check_count; i++) {
		const struct check *check = &item->checks[i];

		if (check_needs_ledger(check) && check->field_count > 0)
			ledger->said[ledger->said_count++] =
			    item->fields[check->fields[0]].number;
	}
}

static bool
is_old_number(struct span value)
{
	size_t i;

	for (i = 0; i < value.len; i++)
		if (value.ptr[i] < '0' || value.ptr[i] > '9')
			return false;
	return value.len == OLD_NUMBER_LEN;
}

/* Null when there is nothing to ask for. */
static void
put_said(struct ledger *ledger, const struct ledger_row *row)
{
	struct buf *scratch = &ledger->scratch;
	struct json_out json = {.buf = scratch};
	bool any = false;
	size_t i;

	buf_reset(scratch);
	json_open_object(&json, NULL);
	for (i = 0; i < ledger->said_count; i++) {
		uint32_t number = ledger->said[i];
		const struct record_field *field =
		    record_find(row->record, number);

		if (field == NULL || (number == ledger->old_number &&
					 !is_old_number(field->value)))
			continue;
		json_put_text(
		    &json, fields_name(row->item, number), field->value);
		ledger->aliased |= number == ledger->old_number;
		ledger->merges |= number == ledger->successor;
		any = true;
	}
	json_close_object(&json);
	if (any)
		pg_put_jsonb(&ledger->rows, buf_span(scratch));
	else
		pg_put_null(&ledger->rows);
}

/* What `stage` and `pick` begin with. */
static void
put_identity(struct buf *rows, const struct ledger_row *row, unsigned columns)
{
	const struct record *record = row->record;

	pg_put_row(rows, columns);
	pg_put_int8(rows, (int64_t)row->line);
	pg_put_int4(rows, (int32_t)record->item);
	pg_put_bytes(rows, record->subject);
	pg_put_bytes(rows, record->key);
	pg_put_bytes(rows, span_of(row->stream));
}

static void
put_content(struct buf *rows, const struct ledger_row *row)
{
	struct digest digest = record_content_digest(row->record);

	pg_put_bytes(rows, span_make(digest.bytes, DIGEST_LEN));
	pg_put_int2(rows, (int16_t)row->record->state);
	put_stated(rows, row);
}

void
ledger_stage(struct ledger *ledger, const struct ledger_row *row)
{
	struct buf *rows = &ledger->rows;

	put_identity(rows, row, 10);
	pg_put_bool(rows, row->named);
	put_content(rows, row);
	put_said(ledger, row);
	if (ledger->plan.again == NULL)
		ledger_put_body(ledger, row, true);
	ledger->staged++;
	ledger->dated |= row->dated;
	ledger_flush(ledger, LEDGER_FLUSH_BYTES);
}

void
ledger_put_extra(struct ledger *ledger, const struct ledger_row *row)
{
	struct buf *picks = &ledger->picks;
	struct ledger_row extra = *row;

	extra.line = (uint64_t)(LEDGER_EXTRA_LINE + ledger->extra++);
	put_identity(picks, &extra, 9);
	pg_put_null(picks);
	put_content(picks, &extra);
	ledger_put_body(ledger, &extra, true);
}

void
ledger_mention(struct ledger *ledger, struct span subject, struct span key)
{
	pg_put_row(&ledger->mentions, 2);
	pg_put_bytes(&ledger->mentions, subject);
	pg_put_bytes(&ledger->mentions, key);
	ledger_flush(ledger, LEDGER_FLUSH_BYTES);
}

/* Whole, or not at all: it may be handed in again.  Text columns take no
 * U+0000. */
static void
put_original(struct buf *rows, struct span original)
{
	if (original.len == 0 || original.len > ORIGINAL_MAX ||
	    memchr(original.ptr, '\0', original.len) != NULL ||
	    !text_is_utf8(original))
		pg_put_null(rows);
	else
		pg_put_bytes(rows, original);
}

void
ledger_note(
    struct ledger *ledger, const struct finding *finding, struct span original)
{
	bool rejects = finding->severity == FINDING_REJECT;
	struct buf *rows = &ledger->findings;

	pg_put_row(rows, 7);
	pg_put_int8(rows, ledger->number);
	pg_put_int8(rows, (int64_t)finding->line);
	pg_put_bytes(rows, span_of(finding->field));
	pg_put_bytes(rows, span_of(finding->rule));
	pg_put_bytes(rows, span_of(rejects ? "reject" : "warn"));
	pg_put_bytes(rows, span_make(finding->value.bytes, DIGEST_LEN));
	put_original(rows, original);
	ledger_flush(ledger, LEDGER_FLUSH_BYTES);
}
