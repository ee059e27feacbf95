/*
 * record: one fact of one item about one subject.
 *
 * The bytes that are hashed are docs/PROTOCOL.md, "Records".
 */
#include "credit/record.h"

#include "base/mem.h"

#define FIXED_LEN (4 + 4 + 4 + 4 + 4 + 4 + 4)
#define ON_STACK 4096

static char *
put_u32(char *at, uint32_t value)
{
	at[0] = (char)(value >> 24);
	at[1] = (char)(value >> 16);
	at[2] = (char)(value >> 8);
	at[3] = (char)value;
	return at + 4;
}

static char *
put_u64(char *at, uint64_t value)
{
	return put_u32(put_u32(at, (uint32_t)(value >> 32)), (uint32_t)value);
}

static char *
put_counted(char *at, struct span bytes)
{
	at = put_u32(at, (uint32_t)bytes.len);
	if (bytes.len > 0)
		memcpy(at, bytes.ptr, bytes.len);
	return at + bytes.len;
}

static size_t
content_len(const struct record *record)
{
	size_t i, len;

	len = FIXED_LEN + record->subject.len + record->key.len +
	      record->provider.len;
	for (i = 0; i < record->field_count; i++)
		len += 8 + record->fields[i].value.len;
	return len;
}

static void
content_print(const struct record *record, char *at)
{
	size_t i;

	memcpy(at, "RXC1", 4);
	at = put_u32(at + 4, record->item);
	at = put_counted(at, record->subject);
	at = put_counted(at, record->key);
	at = put_u32(at, (uint32_t)record->state);
	at = put_counted(at, record->provider);
	at = put_u32(at, (uint32_t)record->field_count);
	for (i = 0; i < record->field_count; i++) {
		at = put_u32(at, record->fields[i].number);
		at = put_counted(at, record->fields[i].value);
	}
}

/* Nearly every record fits the stack: one hash of one piece, no allocation. */
struct digest
record_content_digest(const struct record *record)
{
	size_t len = content_len(record);
	char stack[ON_STACK];
	struct digest digest;
	char *bytes = stack;

	if (len > sizeof(stack))
		bytes = mem_new(len);
	content_print(record, bytes);
	digest = digest_of(span_make(bytes, len));
	if (bytes != stack)
		mem_free(bytes);
	return digest;
}

struct digest
record_element_digest(
    const struct digest *content, uint64_t version, int64_t as_of_us)
{
	char bytes[4 + DIGEST_LEN + 8 + 8];
	char *at = bytes;

	memcpy(at, "RXE2", 4);
	memcpy(at + 4, content->bytes, DIGEST_LEN);
	at = put_u64(at + 4 + DIGEST_LEN, version);
	put_u64(at, (uint64_t)as_of_us);
	return digest_of(span_make(bytes, sizeof(bytes)));
}

struct digest
record_element(const struct record *record)
{
	struct digest content = record_content_digest(record);

	return record_element_digest(
	    &content, record->version, record->as_of_us);
}

const struct record_field *
record_find(const struct record *record, uint32_t number)
{
	size_t i;

	for (i = 0; i < record->field_count; i++) {
		if (record->fields[i].number == number)
			return &record->fields[i];
	}
	return NULL;
}

const struct record_field *
record_find_next(const struct record *record, uint32_t number, size_t *at)
{
	const struct record_field *fields = record->fields;
	size_t i = *at;

	if (i > 0 && fields[i - 1].number >= number)
		i = 0;
	while (i < record->field_count && fields[i].number < number)
		i++;
	*at = i;
	return i < record->field_count && fields[i].number == number
		   ? &fields[i]
		   : NULL;
}

const char *
record_state_name(enum record_state state)
{
	switch (state) {
	case RECORD_CURRENT:
		return "current";
	case RECORD_DISPUTED:
		return "disputed";
	case RECORD_REPAIRED:
		return "repaired";
	case RECORD_WITHDRAWN:
		return "withdrawn";
	}
	return "unknown";
}
