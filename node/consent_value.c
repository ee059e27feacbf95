/*
 * consent_value: a consent as the store keeps it.
 *
 * state(u8) ordered(u64) said(u32 and bytes; none: unreadable claims) claims.
 * What is said is texts and lists with their lengths, and numbers, as
 * said_print has them.
 */
#include "node/consent_value.h"

#define HEAD_LEN (1 + 8 + 4)

static void
put_list(const uint32_t *numbers, size_t count, struct buf *out)
{
	size_t i;

	buf_u32(out, (uint32_t)count);
	for (i = 0; i < count; i++)
		buf_u32(out, numbers[i]);
}

static void
said_print(const struct consent *consent, struct buf *out)
{
	const struct frequency *frequency = &consent->frequency;

	buf_counted(out, span_of(consent->id));
	buf_counted(out, span_of(consent->subject));
	buf_counted(out, span_of(consent->grantee));
	buf_counted(out, span_of(consent->revocation));
	buf_counted(out, span_of(frequency->at));
	put_list(consent->items, consent->item_count, out);
	put_list(consent->categories, consent->category_count, out);
	buf_u32(out, consent->version);
	buf_u32(out, consent->purpose);
	buf_u32(out, consent->mode);
	buf_u32(out, frequency->uses);
	buf_u32(out, frequency->per);
	buf_u32(out, consent->data_life_days);
	buf_u32(out, consent->delegated);
	buf_u64(out, (uint64_t)consent->not_before_us);
	buf_u64(out, (uint64_t)consent->expiry_us);
}

void
consent_value_print(const struct consent_value *value, struct buf *out)
{
	struct consent consent;
	struct buf said = {0};

	if (consent_parse(value->claims, &consent, NULL) == ERR_OK)
		said_print(&consent, &said);
	buf_char(out, value->state);
	buf_u64(out, (uint64_t)value->ordered_us);
	buf_counted(out, buf_span(&said));
	buf_add(out, value->claims.ptr, value->claims.len);
	buf_release(&said);
}

/* Bytes in order; after the first that are missing nothing is taken. */
struct reader {
	struct span rest;
	bool failed;
};

static struct span
take(struct reader *reader, size_t len)
{
	struct span taken = span_make(reader->rest.ptr, len);

	if (reader->failed || len > reader->rest.len) {
		reader->failed = true;
		return span_make("", 0);
	}
	reader->rest.ptr += len;
	reader->rest.len -= len;
	return taken;
}

static uint64_t
take_number(struct reader *reader, size_t bytes)
{
	struct span taken = take(reader, bytes);
	uint64_t number = 0;
	size_t i;

	for (i = 0; i < taken.len; i++)
		number = number << 8 | (uint8_t)taken.ptr[i];
	return number;
}

static uint32_t
take_u32(struct reader *reader)
{
	return (uint32_t)take_number(reader, 4);
}

static void
take_text(struct reader *reader, char *out, size_t size)
{
	struct span text = take(reader, take_u32(reader));

	if (text.len >= size) {
		reader->failed = true;
		return;
	}
	memcpy(out, text.ptr, text.len);
	out[text.len] = '\0';
}

static void
take_list(
    struct reader *reader, uint32_t numbers[MEMBER_LIST_MAX], size_t *count)
{
	size_t i, told = take_u32(reader);

	if (told > MEMBER_LIST_MAX)
		reader->failed = true;
	for (i = 0; i < told && !reader->failed; i++)
		numbers[i] = take_u32(reader);
	*count = i;
}

static enum err
said_parse(struct span bytes, struct consent *consent)
{
	struct frequency *frequency = &consent->frequency;
	struct reader reader = {bytes, bytes.len == 0};

	take_text(&reader, consent->id, sizeof(consent->id));
	take_text(&reader, consent->subject, sizeof(consent->subject));
	take_text(&reader, consent->grantee, sizeof(consent->grantee));
	take_text(&reader, consent->revocation, sizeof(consent->revocation));
	take_text(&reader, frequency->at, sizeof(frequency->at));
	take_list(&reader, consent->items, &consent->item_count);
	take_list(&reader, consent->categories, &consent->category_count);
	consent->version = take_u32(&reader);
	consent->purpose = take_u32(&reader);
	consent->mode = take_u32(&reader);
	frequency->uses = take_u32(&reader);
	frequency->per = take_u32(&reader);
	consent->data_life_days = take_u32(&reader);
	consent->delegated = take_u32(&reader) != 0;
	consent->not_before_us = (int64_t)take_number(&reader, 8);
	consent->expiry_us = (int64_t)take_number(&reader, 8);
	return reader.failed || reader.rest.len > 0 ? ERR_INVALID : ERR_OK;
}

enum err
consent_value_parse(
    struct span bytes, struct consent_value *value, struct consent *consent)
{
	struct reader reader = {bytes, bytes.len < HEAD_LEN};
	struct span said;

	*consent = (struct consent){0};
	value->state = (char)take_number(&reader, 1);
	value->ordered_us = (int64_t)take_number(&reader, 8);
	said = take(&reader, take_u32(&reader));
	value->claims = reader.rest;
	return reader.failed ? ERR_INVALID : said_parse(said, consent);
}
