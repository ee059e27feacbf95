/*
 * text: Chinese text as it arrives, made comparable.
 *
 * Everything inside is UTF-8.  Pure; any thread.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

bool text_is_utf8(struct span text);
/* Number of code points; `text` must be UTF-8. */
size_t text_count(struct span text);
/* Without leading and trailing white space, U+3000 and U+FEFF included. */
struct span text_trim(struct span text);
/* Append `text` with full-width ASCII (U+FF01..U+FF5E) and U+3000 folded to
 * half-width, control characters dropped and runs of white space as one. */
void text_fold(struct span text, struct buf *out);

/* Convert GB 18030 to UTF-8 in pieces; a character may be cut anywhere. */
struct text_decoder;

/* `charset`: "utf-8" or "gb18030"; NULL for any other. */
struct text_decoder *text_decoder_new(const char *charset);
void text_decoder_free(struct text_decoder *decoder); /* safe on NULL */
/* Append the UTF-8 of `bytes`; what cannot be decoded becomes U+FFFD and is
 * counted, so that one broken character costs one field, not the batch.  A
 * leading byte order mark is dropped.  `last`: no more bytes will come. */
void text_decoder_feed(struct text_decoder *decoder, struct span bytes,
    bool last, struct buf *out);
size_t text_decoder_broken(const struct text_decoder *decoder);

#endif
