/*
 * Any bytes as CSV: the same rows whole and in pieces.
 */
#include <assert.h>
#include <stdint.h>

#include "base/buf.h"
#include "credit/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
keep_row(void *context, const struct csv_row *row)
{
	struct buf *rows = context;
	size_t i;

	buf_u64(rows, row->line);
	buf_u32(rows, row->broken);
	buf_counted(rows, row->text);
	for (i = 0; i < row->count; i++)
		buf_counted(rows, row->cells[i]);
}

static void
read_in_pieces(struct span bytes, size_t piece, struct buf *rows)
{
	struct csv *csv = csv_new(keep_row, rows);
	size_t at, len;

	for (at = 0; at < bytes.len; at += len) {
		len = bytes.len - at < piece ? bytes.len - at : piece;
		csv_feed(csv, span_make(bytes.ptr + at, len));
	}
	csv_end(csv);
	csv_free(csv);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = {0}, pieces = {0};

	if (size < 2)
		return 0;
	read_in_pieces(span_make(data + 1, size - 1), size, &whole);
	read_in_pieces(
	    span_make(data + 1, size - 1), (size_t)data[0] % 16 + 1, &pieces);
	assert(span_equal(buf_span(&whole), buf_span(&pieces)));
	buf_release(&whole);
	buf_release(&pieces);
	return 0;
}
