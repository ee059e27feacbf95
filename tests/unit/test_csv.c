/*
 * Rows out of bytes, however they are cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "credit/csv.h"
#include "credit/ndjson.h"

/* Rows as "1:a|b\n", broken ones as "1!text\n". */
static void
print_row(void *context, const struct csv_row *row)
{
	struct buf *out = context;
	size_t i;

	buf_print(out, "%llu%c", (unsigned long long)row->line,
	    row->broken ? '!' : ':');
	if (row->broken)
		buf_add(out, row->text.ptr, row->text.len);
	for (i = 0; i < row->count; i++) {
		if (i > 0)
			buf_char(out, '|');
		buf_add(out, row->cells[i].ptr, row->cells[i].len);
	}
	buf_char(out, '\n');
}

static void
read_in_pieces(struct span text, size_t piece, struct buf *out)
{
	struct csv *csv = csv_new(print_row, out);
	size_t at, len;

	for (at = 0; at < text.len; at += len) {
		len = text.len - at < piece ? text.len - at : piece;
		csv_feed(csv, span_make(text.ptr + at, len));
	}
	csv_end(csv);
	csv_free(csv);
}

/* The same rows, whatever the size of the pieces. */
static void
assert_rows(const char *text, const char *rows)
{
	size_t pieces[] = {1, 2, 3, 5, 1000000}, i;
	struct buf out = {0};

	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		buf_reset(&out);
		read_in_pieces(span_of(text), pieces[i], &out);
		assert_string_equal(buf_cstr(&out), rows);
	}
	buf_release(&out);
}

static void
lines_end_in_lf_crlf_or_cr(void **state)
{
	(void)state;

	assert_rows("a,b\nc,d\n", "1:a|b\n2:c|d\n");
	assert_rows("a,b\r\nc,d\r\n", "1:a|b\n2:c|d\n");
	assert_rows("a,b\rc,d\r", "1:a|b\n2:c|d\n");
	assert_rows("a,b\nc,d", "1:a|b\n2:c|d\n");
	assert_rows("", "");
}

static void
quotes_hold_separators_lines_and_quotes(void **state)
{
	(void)state;

	assert_rows(
	    "a,b\n\"x,y\",\"p\nq\"\nc,d\n", "1:a|b\n2:x,y|p\nq\n4:c|d\n");
	assert_rows("a,b\n\"p\r\nq\",1\nc,d\n", "1:a|b\n2:p\r\nq|1\n4:c|d\n");
	assert_rows("\"say \"\"hi\"\"\",\"\"\n", "1:say \"hi\"|\n");
	assert_rows("\"\"\"\",\"\"\"\"\"\"\n", "1:\"|\"\"\n");
}

static void
a_quote_inside_a_cell_is_text(void **state)
{
	(void)state;

	assert_rows("a,5\" pipe\nb, \"c\"\n", "1:a|5\" pipe\n2:b| \"c\"\n");
	assert_rows("a,b\n\"x\"y\"z,2\n", "1:a|b\n2:xy\"z|2\n");
}

static void
empty_cells_count_and_empty_lines_do_not(void **state)
{
	(void)state;

	assert_rows("a,b,c\n,,\n\n\r\n1,,\n", "1:a|b|c\n2:||\n5:1||\n");
}

static void
the_first_line_names_the_separator(void **state)
{
	(void)state;

	assert_rows("a;b;c\n1,5;2;3\n", "1:a|b|c\n2:1,5|2|3\n");
	assert_rows("a\tb\n1;2,3\t4\n", "1:a|b\n2:1;2,3|4\n");
	assert_rows("\"a;b;c;d\",e\n1,2\n", "1:a;b;c;d|e\n2:1|2\n");
	assert_rows("a\nb;c\n", "1:a\n2:b;c\n");
}

static void
an_open_quote_costs_one_line(void **state)
{
	(void)state;

	assert_rows("a,b\n1,\"x\n2,y\n3,z", "1:a|b\n2!1,\"x\n3:2|y\n4:3|z\n");
	assert_rows("\"x", "1!\"x\n");
}

static void
a_row_that_is_too_long_is_skipped_to_its_end(void **state)
{
	size_t len = CSV_ROW_MAX + 1000, pieces[] = {4096, 10000000}, i;
	struct buf text = {0}, out = {0};

	(void)state;
	buf_text(&text, "a,b\n");
	memset(buf_room(&text, len), 'x', len);
	text.len += len;
	buf_text(&text, "\n1,2\n");

	for (i = 0; i < 2; i++) {
		buf_reset(&out);
		read_in_pieces(buf_span(&text), pieces[i], &out);
		assert_int_equal(out.len, 6 + 2 + CSV_ROW_MAX + 1 + 6);
		assert_memory_equal(out.data, "1:a|b\n2!xxx", 11);
		assert_memory_equal(out.data + out.len - 6, "3:1|2\n", 6);
	}
	buf_release(&text);
	buf_release(&out);
}

static void
an_open_quote_in_a_long_stream_costs_one_line(void **state)
{
	struct buf text = {0}, out = {0};
	size_t i, lines = 0;

	(void)state;
	buf_text(&text, "a,b\n1,\"open\n");
	for (i = 0; i < 300000; i++)
		buf_text(&text, "1,2345\n");

	read_in_pieces(buf_span(&text), 65536, &out);

	for (i = 0; i < out.len; i++)
		lines += out.data[i] == '\n';
	assert_int_equal(lines, 300002);
	assert_non_null(strstr(buf_cstr(&out), "2!1,\"open\n3:1|2345\n"));
	buf_release(&text);
	buf_release(&out);
}

static void
a_row_with_too_many_cells_is_broken(void **state)
{
	struct buf text = {0}, out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < CSV_CELLS_MAX; i++)
		buf_char(&text, ',');
	buf_text(&text, "\n1,2\n");

	read_in_pieces(buf_span(&text), 100, &out);

	assert_memory_equal(out.data, "1!,,,", 5);
	assert_memory_equal(out.data + out.len - 6, "2:1|2\n", 6);
	buf_release(&text);
	buf_release(&out);
}

static void
print_line(void *context, const struct ndjson_line *line)
{
	struct buf *out = context;

	buf_print(out, "%llu%c", (unsigned long long)line->line,
	    line->broken ? '!' : ':');
	if (!line->broken)
		buf_add(out, line->text.ptr, line->text.len);
	buf_char(out, '\n');
}

static void
lines_of_json_come_one_by_one(void **state)
{
	static const char text[] = "{\"a\":1}\r\n\n  \n{}\n[1]";
	struct buf out = {0};
	struct ndjson *ndjson;
	size_t i, piece;

	(void)state;
	for (piece = 1; piece < sizeof(text); piece += 4) {
		buf_reset(&out);
		ndjson = ndjson_new(print_line, &out);
		for (i = 0; i < sizeof(text) - 1; i += piece)
			ndjson_feed(ndjson,
			    span_make(text + i, sizeof(text) - 1 - i < piece
						    ? sizeof(text) - 1 - i
						    : piece));
		ndjson_end(ndjson);
		ndjson_free(ndjson);
		assert_string_equal(
		    buf_cstr(&out), "1:{\"a\":1}\n4:{}\n5:[1]\n");
	}
	buf_release(&out);
}

static void
a_long_line_of_json_is_broken_and_skipped(void **state)
{
	char *text = mem_new(NDJSON_LINE_MAX + 2000);
	struct buf out = {0};
	struct ndjson *ndjson = ndjson_new(print_line, &out);
	size_t i;

	(void)state;
	memset(text, 'x', NDJSON_LINE_MAX + 2000);
	for (i = 0; i < 3; i++)
		ndjson_feed(ndjson, span_make(text, NDJSON_LINE_MAX / 2 + 1));
	ndjson_feed(ndjson, span_of("\n{}\n"));
	ndjson_feed(ndjson, span_make(text, NDJSON_LINE_MAX + 2000));
	ndjson_end(ndjson);

	assert_string_equal(buf_cstr(&out), "1!\n2:{}\n3!\n");
	ndjson_free(ndjson);
	mem_free(text);
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_end_in_lf_crlf_or_cr),
	    cmocka_unit_test(quotes_hold_separators_lines_and_quotes),
	    cmocka_unit_test(a_quote_inside_a_cell_is_text),
	    cmocka_unit_test(empty_cells_count_and_empty_lines_do_not),
	    cmocka_unit_test(the_first_line_names_the_separator),
	    cmocka_unit_test(an_open_quote_costs_one_line),
	    cmocka_unit_test(a_row_that_is_too_long_is_skipped_to_its_end),
	    cmocka_unit_test(an_open_quote_in_a_long_stream_costs_one_line),
	    cmocka_unit_test(a_row_with_too_many_cells_is_broken),
	    cmocka_unit_test(lines_of_json_come_one_by_one),
	    cmocka_unit_test(a_long_line_of_json_is_broken_and_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
