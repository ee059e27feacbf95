/*
 * ndjson: lines out of pieces.
 */
#include "credit/ndjson.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

struct ndjson {
	ndjson_line_fn line;
	void *context;
	struct buf pending; /* a line that is not whole yet */
	uint64_t number;
	bool skipping; /* the rest of a line that is too long */
};

struct ndjson *
ndjson_new(ndjson_line_fn line, void *context)
{
	struct ndjson *ndjson = mem_new(sizeof(*ndjson));

	ndjson->line = line;
	ndjson->context = context;
	ndjson->number = 1;
	return ndjson;
}

void
ndjson_free(struct ndjson *ndjson)
{
	if (ndjson == NULL)
		return;
	buf_release(&ndjson->pending);
	mem_free(ndjson);
}

static void
hand_out(struct ndjson *ndjson, struct span text)
{
	struct ndjson_line line = {.line = ndjson->number};

	line.broken = text.len > NDJSON_LINE_MAX;
	if (line.broken)
		text.len = NDJSON_LINE_MAX;
	line.text = text_trim(text);
	if (line.text.len > 0)
		ndjson->line(ndjson->context, &line);
}

/* The bytes until a line end complete what is pending. */
static void
end_line(struct ndjson *ndjson, struct span bytes)
{
	struct buf *pending = &ndjson->pending;

	if (!ndjson->skipping && pending->len == 0) {
		hand_out(ndjson, bytes);
	} else if (!ndjson->skipping) {
		buf_add(pending, bytes.ptr, bytes.len);
		hand_out(ndjson, buf_span(pending));
	}
	buf_reset(pending);
	ndjson->skipping = false;
	ndjson->number++;
}

static void
keep_rest(struct ndjson *ndjson, struct span bytes)
{
	struct buf *pending = &ndjson->pending;

	if (ndjson->skipping)
		return;
	buf_add(pending, bytes.ptr, bytes.len);
	if (pending->len > NDJSON_LINE_MAX) {
		hand_out(ndjson, buf_span(pending));
		buf_reset(pending);
		ndjson->skipping = true;
	}
}

void
ndjson_feed(struct ndjson *ndjson, struct span bytes)
{
	const char *end;
	size_t len;

	while (bytes.len > 0) {
		end = memchr(bytes.ptr, '\n', bytes.len);
		if (end == NULL) {
			keep_rest(ndjson, bytes);
			return;
		}
		len = (size_t)(end - bytes.ptr);
		end_line(ndjson, span_make(bytes.ptr, len));
		bytes = span_make(end + 1, bytes.len - len - 1);
	}
}

void
ndjson_end(struct ndjson *ndjson)
{
	if (ndjson->pending.len > 0)
		end_line(ndjson, (struct span){"", 0});
}
