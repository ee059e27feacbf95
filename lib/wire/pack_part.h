/*
 * pack_part: what the pack_*.c files share.  Nobody else includes it.
 *
 * A frame is one length-delimited field of a protobuf message, read and
 * written in place where a copy of the bytes would be waste.
 */
#ifndef WIRE_PACK_PART_H
#define WIRE_PACK_PART_H

#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/span.h"

#define PACK_SOFTWARE_MAX 64
/* Wire types. */
#define WIRE_NUMBER 0u
#define WIRE_BYTES 2u

/* Field numbers 1 to 15 only: the tag is one byte. */
void frame_add(unsigned number, struct span bytes, struct buf *out);
/* Of any length, or value. */
bool frame_take_long(struct span *rest, unsigned number, struct span *bytes);
bool number_take_long(struct span *rest, unsigned number, uint64_t *value);

/* Take field `number` from the front of `rest`; false (and nothing taken)
 * when something else, or something cut, is there.  Nearly all are short. */
static inline bool
frame_take(struct span *rest, unsigned number, struct span *bytes)
{
	const uint8_t *at = (const uint8_t *)rest->ptr;

	if (rest->len < 2 || at[0] != (number << 3 | WIRE_BYTES) ||
	    at[1] > 127 || at[1] > rest->len - 2)
		return frame_take_long(rest, number, bytes);
	*bytes = span_make(at + 2, at[1]);
	*rest = span_make(at + 2 + at[1], rest->len - 2 - at[1]);
	return true;
}

/* The same of a number. */
static inline bool
number_take(struct span *rest, unsigned number, uint64_t *value)
{
	const uint8_t *at = (const uint8_t *)rest->ptr;

	if (rest->len < 2 || at[0] != (number << 3 | WIRE_NUMBER) ||
	    at[1] > 127)
		return number_take_long(rest, number, value);
	*value = at[1];
	*rest = span_make(at + 2, rest->len - 2);
	return true;
}

void pack_message(const ProtobufCMessage *message, struct buf *out);
/* Everything is copied into the arena, within a bound that follows from the
 * length of `bytes`.  NULL: malformed. */
ProtobufCMessage *unpack_message(const ProtobufCMessageDescriptor *type,
    struct span bytes, struct arena *arena);

/* Terminated copy of one of our own texts, which are known to fit. */
char *part_text(struct span from, char *to, size_t size);
ProtobufCBinaryData part_bytes(struct span bytes);
struct span part_span(ProtobufCBinaryData bytes);
/* Is it text of at most `max` bytes? */
bool part_is_text(const char *text, size_t max);
bool part_is_stream(const char *text);
bool part_take_digest(ProtobufCBinaryData bytes, struct digest *digest);

#endif
