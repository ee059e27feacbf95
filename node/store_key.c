/*
 * store_key: the bytes of the store's keys and values.
 */
#include "node/store_key.h"

#include "wire/pack.h"

#define STATE_LEN (8 + DIGEST_LEN + 8 + 8 + 8 + 8 + 1 + SETSUM_LEN)
#define STATE_DIVERGED 1
#define STATE_HALF 2

uint64_t
store_parse_u64(const char *bytes)
{
	uint64_t value = 0;
	int i;

	for (i = 0; i < 8; i++)
		value = value << 8 | (uint8_t)bytes[i];
	return value;
}

void
store_record_key(
    const char *stream, const struct record *record, struct buf *key)
{
	buf_add(key, record->subject.ptr, record->subject.len);
	buf_char(key, '\0');
	buf_u16(key, (uint16_t)record->item);
	buf_add(key, stream, STREAM_LEN);
	buf_add(key, record->key.ptr, record->key.len);
}

uint32_t
store_key_item(struct span key)
{
	const char *nul = memchr(key.ptr, '\0', key.len);

	if (nul == NULL || key.len - (size_t)(nul - key.ptr) < 3)
		return 0;
	return (uint32_t)(uint8_t)nul[1] << 8 | (uint8_t)nul[2];
}

/* Behind the item, where the stream stands; NULL: it is no record's key. */
static const char *
key_stream(struct span key)
{
	const char *nul = memchr(key.ptr, '\0', key.len);

	if (nul == NULL || key.len - (size_t)(nul - key.ptr) < 3 + STREAM_LEN)
		return NULL;
	return nul + 3;
}

bool
store_key_is_of(struct span key, const char *stream)
{
	const char *at = key_stream(key);

	return at != NULL && memcmp(at, stream, STREAM_LEN) == 0;
}

void
store_image_key(struct span key, struct buf *image_key)
{
	const char *at = key_stream(key);
	size_t before = at == NULL ? key.len : (size_t)(at - key.ptr);

	buf_add(image_key, key.ptr, before);
	if (at != NULL)
		buf_add(
		    image_key, at + STREAM_LEN, key.len - before - STREAM_LEN);
}

void
store_key_of_image(const char *stream, struct span image_key, struct buf *key)
{
	const char *nul = memchr(image_key.ptr, '\0', image_key.len);
	size_t before =
	    nul == NULL ? image_key.len : (size_t)(nul - image_key.ptr) + 3;

	if (before > image_key.len)
		before = image_key.len;
	buf_add(key, image_key.ptr, before);
	buf_add(key, stream, STREAM_LEN);
	buf_add(key, image_key.ptr + before, image_key.len - before);
}

void
store_sealed_key(const char *stream, uint64_t first, struct buf *key)
{
	buf_add(key, stream, STREAM_LEN);
	buf_u64(key, first);
}

void
store_record_value(
    const struct digest *element, struct span packed, struct buf *value)
{
	buf_add(value, element->bytes, DIGEST_LEN);
	buf_add(value, packed.ptr, packed.len);
}

bool
store_value_element(struct span value, struct digest *element)
{
	if (value.len <= DIGEST_LEN)
		return false;
	memcpy(element->bytes, value.ptr, DIGEST_LEN);
	return true;
}

/* All but the record, which is at `packed`. */
static bool
value_open(struct span key, struct span value, struct stored *stored,
    struct span *packed)
{
	const char *at = key_stream(key);

	*stored = (struct stored){0};
	if (at == NULL || !store_value_element(value, &stored->element))
		return false;
	memcpy(stored->stream, at, STREAM_LEN);
	*packed = span_make(value.ptr + DIGEST_LEN, value.len - DIGEST_LEN);
	return true;
}

enum err
store_parse_record(struct span key, struct span value, struct arena *arena,
    struct stored *stored)
{
	struct span packed;

	if (!value_open(key, value, stored, &packed))
		return ERR_INVALID;
	return unpack_record(packed, arena, &stored->record);
}

enum err
store_lend_record(struct span key, struct span value,
    struct record_field fields[RECORD_FIELDS_MAX], struct stored *stored)
{
	struct span packed;

	if (!value_open(key, value, stored, &packed))
		return ERR_INVALID;
	return unpack_kept_record(packed, fields, &stored->record);
}

bool
store_record_is_whole(const struct stored *stored)
{
	struct digest element = record_element(&stored->record);

	return digest_equal(&element, &stored->element);
}

void
store_print_state(const struct stream_state *state, struct buf *value)
{
	buf_u64(value, state->chain.position);
	buf_add(value, state->chain.head.bytes, DIGEST_LEN);
	buf_u64(value, (uint64_t)state->committed_us);
	buf_u64(value, (uint64_t)state->applied_us);
	buf_u64(value, (uint64_t)state->agreed_us);
	buf_u64(value, state->log_bytes);
	buf_char(value, (char)((state->diverged ? STATE_DIVERGED : 0) |
			       (state->half ? STATE_HALF : 0)));
	setsum_print(&state->sum, (uint8_t *)buf_room(value, SETSUM_LEN));
	value->len += SETSUM_LEN;
}

enum err
store_parse_state(struct span value, struct stream_state *state)
{
	const char *at = value.ptr;

	if (value.len != STATE_LEN)
		return ERR_INVALID;
	state->chain.position = store_parse_u64(at);
	memcpy(state->chain.head.bytes, at + 8, DIGEST_LEN);
	at += 8 + DIGEST_LEN;
	state->committed_us = (int64_t)store_parse_u64(at);
	state->applied_us = (int64_t)store_parse_u64(at + 8);
	state->agreed_us = (int64_t)store_parse_u64(at + 16);
	state->log_bytes = store_parse_u64(at + 24);
	state->diverged = (at[32] & STATE_DIVERGED) != 0;
	state->half = (at[32] & STATE_HALF) != 0;
	if (!setsum_parse(span_make(at + 33, SETSUM_LEN), &state->sum))
		return ERR_INVALID;
	return ERR_OK;
}
