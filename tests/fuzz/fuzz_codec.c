/*
 * Any text decoded: one spelling per value, times included.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool (*parse)(struct span, struct buf *),
    void (*print)(struct span, struct buf *), struct span text)
{
	struct buf bytes = {0}, again = {0};

	if (parse(text, &bytes)) {
		print(buf_span(&bytes), &again);
		if (!span_equal(text, buf_span(&again)))
			abort();
	}
	buf_release(&bytes);
	buf_release(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_make(data, size);
	char printed[CLOCK_TEXT_MAX];
	int64_t time_us, again_us;

	check(codec_parse_hex, codec_hex, text);
	check(codec_parse_base64, codec_base64, text);
	check(codec_parse_base64url, codec_base64url, text);
	if (clock_parse(text, &time_us) == ERR_OK &&
	    (clock_parse(span_of(clock_print(time_us, printed)), &again_us) !=
		    ERR_OK ||
		again_us != time_us))
		abort();
	return 0;
}
