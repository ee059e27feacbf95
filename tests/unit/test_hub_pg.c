/*
 * pg: rows for COPY in PostgreSQL's binary format, and a server that is not
 * there.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "hub/pg.h"

static void
a_row_is_its_column_count_and_counted_values(void **state)
{
	const char expected[] = "\0\3"
				"\0\0\0\2\0\7"
				"\0\0\0\3abc"
				"\377\377\377\377";
	struct buf rows = {0};

	(void)state;
	pg_put_row(&rows, 3);
	pg_put_int2(&rows, 7);
	pg_put_bytes(&rows, span_of("abc"));
	pg_put_null(&rows);

	assert_int_equal(rows.len, sizeof(expected) - 1);
	assert_memory_equal(rows.data, expected, rows.len);
	buf_release(&rows);
}

static void
time_is_counted_from_the_year_2000(void **state)
{
	const char expected[] = "\0\0\0\10\0\0\0\0\0\0\0\1";
	struct buf rows = {0};

	(void)state;
	pg_put_time(&rows, INT64_C(946684800000001));

	assert_int_equal(rows.len, sizeof(expected) - 1);
	assert_memory_equal(rows.data, expected, rows.len);
	buf_release(&rows);
}

static void
jsonb_has_its_version_before_the_text(void **state)
{
	const char expected[] = "\0\0\0\3\1{}";
	struct buf rows = {0};

	(void)state;
	pg_put_jsonb(&rows, span_of("{}"));

	assert_int_equal(rows.len, sizeof(expected) - 1);
	assert_memory_equal(rows.data, expected, rows.len);
	buf_release(&rows);
}

static void
a_server_that_is_not_there_is_an_error_with_words(void **state)
{
	struct why why = {0};

	(void)state;
	assert_null(pg_open("host=/nonexistent", NULL, &why));
	assert_string_not_equal(why.text, "");
	assert_false(pg_ping("host=/nonexistent"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_row_is_its_column_count_and_counted_values),
	    cmocka_unit_test(time_is_counted_from_the_year_2000),
	    cmocka_unit_test(jsonb_has_its_version_before_the_text),
	    cmocka_unit_test(a_server_that_is_not_there_is_an_error_with_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
