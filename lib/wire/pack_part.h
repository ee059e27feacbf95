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

/* Field numbers 1 to 15 only: the tag is one byte. */
void frame_add(unsigned number, struct span bytes, struct buf *out);
/* Take field `number` from the front of `rest`; false (and nothing taken)
 * when something else, or something cut, is there. */
bool frame_take(struct span *rest, unsigned number, struct span *bytes);
/* The same of a number. */
bool number_take(struct span *rest, unsigned number, uint64_t *value);

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
