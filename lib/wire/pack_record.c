/*
 * pack_record: records and the body of a batch (proto/record.proto).
 */
#include <assert.h>

#include "base/text.h"
#include "credit/member.h"
#include "record.pb-c.h"
#include "wire/pack.h"
#include "wire/pack_part.h"

void
pack_record(const struct record *record, struct buf *out)
{
	Rongxin__Record packed = RONGXIN__RECORD__INIT;
	Rongxin__Field fields[RECORD_FIELDS_MAX];
	Rongxin__Field *pointers[RECORD_FIELDS_MAX];
	char subject[RECORD_SUBJECT_MAX + 1], provider[MEMBER_CODE_MAX + 1];

	assert(record->field_count <= RECORD_FIELDS_MAX);
	for (size_t i = 0; i < record->field_count; i++) {
		rongxin__field__init(&fields[i]);
		fields[i].number = record->fields[i].number;
		fields[i].value = part_bytes(record->fields[i].value);
		pointers[i] = &fields[i];
	}
	packed.item = record->item;
	packed.subject = part_text(record->subject, subject, sizeof(subject));
	packed.key = part_bytes(record->key);
	packed.version = record->version;
	packed.state = record->state;
	packed.provider =
	    part_text(record->provider, provider, sizeof(provider));
	packed.as_of_us = record->as_of_us;
	packed.n_fields = record->field_count;
	packed.fields = pointers;
	pack_message(&packed.base, out);
}

void
pack_batch_record(struct span packed_record, struct buf *batch)
{
	frame_add(1, packed_record, batch);
}

/* A record is read in place: 480 values of an answer as messages of their own
 * cost more than all else that becomes of them.  Fields come in ascending
 * order, each once but the repeated one, as every packer writes them.  Unknown
 * ones are refused: what is signed but not understood would be passed over in
 * silence. */
enum part {
	PART_ITEM = 1,
	PART_SUBJECT,
	PART_KEY,
	PART_VERSION,
	PART_STATE,
	PART_PROVIDER,
	PART_AS_OF,
	PART_FIELD
};

static bool
is_text(struct span text, size_t max)
{
	return text.len <= max &&
	       (text.len == 0 || memchr(text.ptr, '\0', text.len) == NULL) &&
	       text_is_utf8(text);
}

static bool
record_is_sound(const struct record *record)
{
	size_t i;

	for (i = 0; i < record->field_count; i++)
		if (!text_is_utf8(record->fields[i].value))
			return false;
	return record->item != 0 && record->subject.len > 0 &&
	       is_text(record->subject, RECORD_SUBJECT_MAX) &&
	       record->key.len <= RECORD_KEY_MAX && text_is_utf8(record->key) &&
	       record->version >= 1 && record->state >= RECORD_CURRENT &&
	       record->state <= RECORD_WITHDRAWN &&
	       is_text(record->provider, MEMBER_CODE_MAX);
}

static bool
read_any_field(struct span bytes, struct record_field *field)
{
	struct span value = {0};
	uint64_t number = 0;

	if (!number_take(&bytes, 1, &number) || number > UINT32_MAX ||
	    (bytes.len > 0 && !frame_take(&bytes, 2, &value)) || bytes.len > 0)
		return false;
	*field = (struct record_field){(uint32_t)number, value};
	return true;
}

/* Nearly all have a number and a length of one byte each. */
static inline bool
read_field(struct span bytes, struct record_field *field)
{
	const uint8_t *at = (const uint8_t *)bytes.ptr;

	if (bytes.len < 4 || at[0] != (1 << 3 | WIRE_NUMBER) || at[1] > 127 ||
	    at[2] != (2 << 3 | WIRE_BYTES) || at[3] > 127 ||
	    at[3] != bytes.len - 4)
		return read_any_field(bytes, field);
	*field = (struct record_field){at[1], span_make(at + 4, at[3])};
	return true;
}

static bool
read_fields(struct span bytes, struct record_field *fields, size_t *count)
{
	struct record_field *at = fields;
	struct span framed;
	uint32_t before = 0;

	for (; bytes.len > 0; before = at++->number) {
		if (at == fields + RECORD_FIELDS_MAX ||
		    !frame_take(&bytes, PART_FIELD, &framed) ||
		    !read_field(framed, at) || at->number <= before ||
		    at->value.len > RECORD_VALUE_MAX)
			return false;
	}
	*count = (size_t)(at - fields);
	return true;
}

/* What has its type's nothing is left out by packers. */
static bool
read_head(struct span *rest, struct record *record)
{
	uint64_t item = 0, state = 0, as_of = 0;

	(void)number_take(rest, PART_ITEM, &item);
	(void)frame_take(rest, PART_SUBJECT, &record->subject);
	(void)frame_take(rest, PART_KEY, &record->key);
	(void)number_take(rest, PART_VERSION, &record->version);
	(void)number_take(rest, PART_STATE, &state);
	(void)frame_take(rest, PART_PROVIDER, &record->provider);
	(void)number_take(rest, PART_AS_OF, &as_of);
	if (item > UINT32_MAX || state > RECORD_WITHDRAWN)
		return false;
	record->item = (uint32_t)item;
	record->state = (enum record_state)state;
	record->as_of_us = (int64_t)as_of;
	return true;
}

enum err
unpack_kept_record(struct span bytes,
    struct record_field fields[RECORD_FIELDS_MAX], struct record *record)
{
	*record = (struct record){.fields = fields};
	if (bytes.len > BATCH_RAW_MAX || !read_head(&bytes, record) ||
	    !read_fields(bytes, fields, &record->field_count))
		return ERR_INVALID;
	return ERR_OK;
}

enum err
unpack_record(struct span bytes, struct arena *arena, struct record *record)
{
	struct record_field fields[RECORD_FIELDS_MAX], *kept;

	if (bytes.len > BATCH_RAW_MAX)
		return ERR_INVALID;
	bytes = span_make(arena_text(arena, bytes.ptr, bytes.len), bytes.len);
	if (unpack_kept_record(bytes, fields, record) != ERR_OK ||
	    !record_is_sound(record))
		return ERR_INVALID;
	kept = arena_take(arena, record->field_count * sizeof(*kept));
	memcpy(kept, fields, record->field_count * sizeof(*kept));
	record->fields = kept;
	return ERR_OK;
}

bool
unpack_batch_next(struct span *rest, struct span *packed_record)
{
	return frame_take(rest, 1, packed_record);
}

/* How many frames of records there are; false for anything else. */
static bool
batch_count(struct span rest, size_t *count)
{
	struct span framed;

	for (*count = 0; rest.len > 0; ++*count) {
		if (*count == BATCH_RECORDS_MAX ||
		    !unpack_batch_next(&rest, &framed))
			return false;
	}
	return true;
}

enum err
unpack_batch(struct span bytes, struct arena *arena, struct record **records,
    size_t *count)
{
	struct span rest = bytes, framed;
	struct record *all;
	size_t total;

	if (bytes.len > BATCH_RAW_MAX || !batch_count(bytes, &total))
		return ERR_INVALID;
	all = arena_take(arena, total * sizeof(*all));
	for (size_t i = 0; i < total; i++) {
		enum err err;

		if (!unpack_batch_next(&rest, &framed))
			return ERR_INVALID;
		err = unpack_record(framed, arena, &all[i]);
		if (err != ERR_OK)
			return err;
	}
	*records = all;
	*count = total;
	return ERR_OK;
}
