/*
 * pack_part: frames, and protobuf-c kept inside an arena.
 */
#include "wire/pack_part.h"

#include <assert.h>

#include "base/text.h"
#include "credit/region.h"

#define LENGTH_MAX 5 /* bytes */
#define NUMBER_MAX 10

/* A message of empty parts costs about thirty times its bytes in memory: one
 * that asks for more than that, or for more than any batch needs, is hostile.
 */
#define ROOM_FIRST ((size_t)64 << 10)
#define ROOM_FACTOR ((size_t)40)
#define ROOM_MOST ((size_t)128 << 20)

struct room {
	struct arena *arena;
	size_t left;
};

void
frame_add(unsigned number, struct span bytes, struct buf *out)
{
	size_t len = bytes.len;

	assert(number >= 1 && number <= 15 && bytes.len <= UINT32_MAX);
	buf_char(out, (char)(number << 3 | WIRE_BYTES));
	for (; len > 127; len >>= 7)
		buf_char(out, (char)(len % 128 + 128));
	buf_char(out, (char)len);
	buf_add(out, bytes.ptr, bytes.len);
}

/* The number at rest[1...], behind a tag, of at most `max` bytes; 0 when it is
 * malformed, else its own size.  The shortest spelling only, so that the same
 * frame has the same bytes. */
static size_t
number_after_tag(struct span rest, size_t max, uint64_t *value)
{
	size_t i;

	*value = 0;
	for (i = 0; i < max && 1 + i < rest.len; i++) {
		uint8_t byte = (uint8_t)rest.ptr[1 + i];

		if (i == NUMBER_MAX - 1 && byte > 1)
			return 0;
		*value |= (uint64_t)(byte & 127) << (7 * i);
		if (byte < 128)
			return byte == 0 && i > 0 ? 0 : i + 1;
	}
	return 0;
}

bool
number_take_long(struct span *rest, unsigned number, uint64_t *value)
{
	uint64_t found;
	size_t size;

	if (rest->len == 0 ||
	    (uint8_t)rest->ptr[0] != (number << 3 | WIRE_NUMBER))
		return false;
	size = number_after_tag(*rest, NUMBER_MAX, &found);
	if (size == 0)
		return false;

	*value = found;
	*rest = span_make(rest->ptr + 1 + size, rest->len - 1 - size);
	return true;
}

bool
frame_take_long(struct span *rest, unsigned number, struct span *bytes)
{
	uint64_t length;
	size_t size;

	if (rest->len == 0 ||
	    (uint8_t)rest->ptr[0] != (number << 3 | WIRE_BYTES))
		return false;
	size = number_after_tag(*rest, LENGTH_MAX, &length);
	if (size == 0 || length > rest->len - 1 - size)
		return false;

	*bytes = span_make(rest->ptr + 1 + size, (size_t)length);
	rest->ptr = bytes->ptr + bytes->len;
	rest->len -= 1 + size + bytes->len;
	return true;
}

static void *
room_take(void *data, size_t size)
{
	struct room *room = data;

	if (size > room->left)
		return NULL;
	room->left -= size;
	return arena_take(room->arena, size);
}

static void
room_leave(void *data, void *memory)
{
	(void)data;
	(void)memory;
}

void
pack_message(const ProtobufCMessage *message, struct buf *out)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	char *room = buf_room(out, size);

	out->len += protobuf_c_message_pack(message, (uint8_t *)room);
}

ProtobufCMessage *
unpack_message(const ProtobufCMessageDescriptor *type, struct span bytes,
    struct arena *arena)
{
	struct room room = {arena, ROOM_MOST};
	ProtobufCAllocator allocator = {room_take, room_leave, &room};

	if (bytes.len < (ROOM_MOST - ROOM_FIRST) / ROOM_FACTOR)
		room.left = ROOM_FIRST + ROOM_FACTOR * bytes.len;
	return protobuf_c_message_unpack(
	    type, &allocator, bytes.len, (const uint8_t *)bytes.ptr);
}

char *
part_text(struct span from, char *to, size_t size)
{
	assert(from.len < size);
	if (from.len > 0)
		memcpy(to, from.ptr, from.len);
	to[from.len] = '\0';
	return to;
}

ProtobufCBinaryData
part_bytes(struct span bytes)
{
	union {
		const char *borrowed;
		uint8_t *data; /* packing only reads it */
	} ptr = {bytes.ptr};

	return (ProtobufCBinaryData){bytes.len, ptr.data};
}

struct span
part_span(ProtobufCBinaryData bytes)
{
	return span_make(bytes.data, bytes.len);
}

bool
part_is_text(const char *text, size_t max)
{
	struct span span = span_of(text);

	return span.len <= max && text_is_utf8(span);
}

bool
part_is_stream(const char *text)
{
	return strlen(text) == STREAM_LEN &&
	       strspn(text, "0123456789") == STREAM_LEN;
}

bool
part_take_digest(ProtobufCBinaryData bytes, struct digest *digest)
{
	if (bytes.len != DIGEST_LEN)
		return false;
	memcpy(digest->bytes, bytes.data, DIGEST_LEN);
	return true;
}
