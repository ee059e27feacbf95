/*
 * Any bytes decoded, cut where the first byte says: what comes out is UTF-8
 * and does not show the cut.
 */
#include <stdlib.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
decode(const char *charset, struct span bytes, size_t cut, struct buf *out)
{
	struct text_decoder *decoder = text_decoder_new(charset);
	size_t broken;

	text_decoder_feed(decoder, span_make(bytes.ptr, cut), false, out);
	text_decoder_feed(
	    decoder, span_make(bytes.ptr + cut, bytes.len - cut), true, out);
	broken = text_decoder_broken(decoder);
	text_decoder_free(decoder);
	return broken;
}

static void
check(const char *charset, struct span bytes, size_t cut)
{
	struct buf whole = {0}, pieces = {0}, folded = {0};

	if (decode(charset, bytes, bytes.len, &whole) !=
		decode(charset, bytes, cut, &pieces) ||
	    !span_equal(buf_span(&whole), buf_span(&pieces)) ||
	    !text_is_utf8(buf_span(&whole)))
		abort();
	text_fold(buf_span(&whole), &folded);
	if (!text_is_utf8(text_trim(buf_span(&folded))))
		abort();
	buf_release(&whole);
	buf_release(&pieces);
	buf_release(&folded);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes;

	if (size == 0)
		return 0;
	bytes = span_make(data + 1, size - 1);
	check("utf-8", bytes, data[0] % size);
	check("gb18030", bytes, data[0] % size);
	text_trim(bytes);
	return 0;
}
