/*
 * fuzz_http1: requests cut into pieces of every size must read as they do
 * in one piece.
 */
#include <stdlib.h>

#include "wire/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
on_head(void *context, struct http_head *head)
{
	buf_text(context, http_head_method(head));
	buf_text(context, http_head_target(head));
}

static void
on_body(void *context, struct span piece)
{
	buf_add(context, piece.ptr, piece.len);
}

static void
on_end(void *context)
{
	buf_char(context, '\n');
}

static const struct http1_events events = {on_head, on_body, on_end};

static int
read_all(const uint8_t *bytes, size_t len, size_t step, struct buf *out)
{
	struct http1 parser;
	size_t used = 0, piece;
	int status;

	http1_init(&parser, &events, out);
	while (used < len && parser.phase != HTTP1_REFUSED) {
		piece = len - used < step ? len - used : step;
		used += http1_feed(&parser, bytes + used, piece);
		http1_next(&parser);
	}
	status = parser.fault.status;
	http1_release(&parser);
	return status;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct buf whole = {0}, pieces = {0};
	size_t step = len > 0 ? 1 + bytes[0] % 7 : 1;
	int status = read_all(bytes, len, len + 1, &whole);

	if (read_all(bytes, len, step, &pieces) != status ||
	    !span_equal(buf_span(&whole), buf_span(&pieces)))
		abort();
	buf_release(&whole);
	buf_release(&pieces);
	return 0;
}
