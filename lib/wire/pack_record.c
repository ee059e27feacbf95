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

/* Unknown fields are refused: what is signed but not understood would be
 * passed over in silence. */
static bool
record_is_sound(const Rongxin__Record *packed)
{
	return packed->base.n_unknown_fields == 0 && packed->item != 0 &&
	       packed->subject[0] != '\0' &&
	       part_is_text(packed->subject, RECORD_SUBJECT_MAX) &&
	       packed->key.len <= RECORD_KEY_MAX &&
	       text_is_utf8(part_span(packed->key)) && packed->version >= 1 &&
	       packed->state >= RECORD_CURRENT &&
	       packed->state <= RECORD_WITHDRAWN &&
	       part_is_text(packed->provider, MEMBER_CODE_MAX) &&
	       packed->n_fields <= RECORD_FIELDS_MAX;
}

static bool
field_is_sound(const Rongxin__Field *field, uint32_t before)
{
	return field->base.n_unknown_fields == 0 && field->number > before &&
	       field->value.len <= RECORD_VALUE_MAX &&
	       text_is_utf8(part_span(field->value));
}

/* The texts stay where protobuf-c put them: in the same arena. */
static enum err
record_fill(
    const Rongxin__Record *packed, struct arena *arena, struct record *record)
{
	struct record_field *fields;
	uint32_t before = 0;

	if (!record_is_sound(packed))
		return ERR_INVALID;
	fields = arena_take(arena, packed->n_fields * sizeof(*fields));
	for (size_t i = 0; i < packed->n_fields; i++) {
		const Rongxin__Field *field = packed->fields[i];

		if (!field_is_sound(field, before))
			return ERR_INVALID;
		before = field->number;
		fields[i].number = field->number;
		fields[i].value = part_span(field->value);
	}
	*record = (struct record){
	    .item = packed->item,
	    .subject = span_of(packed->subject),
	    .key = part_span(packed->key),
	    .version = packed->version,
	    .state = (enum record_state)packed->state,
	    .provider = span_of(packed->provider),
	    .as_of_us = packed->as_of_us,
	    .fields = fields,
	    .field_count = packed->n_fields,
	};
	return ERR_OK;
}

enum err
unpack_record(struct span bytes, struct arena *arena, struct record *record)
{
	ProtobufCMessage *packed;

	if (bytes.len > BATCH_RAW_MAX)
		return ERR_INVALID;
	packed = unpack_message(&rongxin__record__descriptor, bytes, arena);
	if (packed == NULL)
		return ERR_INVALID;
	return record_fill((const Rongxin__Record *)packed, arena, record);
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
