/*
 * codec: bytes as printable text (hex, base64, base64url without padding).
 * Pure; any thread.  Parsing is strict: one spelling per value.
 */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"

void codec_hex(struct span bytes, struct buf *out);
bool codec_parse_hex(struct span text, struct buf *out);
void codec_base64(struct span bytes, struct buf *out);
bool codec_parse_base64(struct span text, struct buf *out);
void codec_base64url(struct span bytes, struct buf *out);
bool codec_parse_base64url(struct span text, struct buf *out);

#endif
