/*
 * column: numbers come back as they were added, in as few bytes as neighbours
 * need.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credit/column.h"

#define NONE INT64_MIN
#define PAGE 1024 /* numbers that lie together */
#define FAR (INT64_C(1) << 61)

static int64_t
numbered(size_t row, const int64_t *kinds, size_t count)
{
	return kinds[row * 7 % count];
}

static struct column *
filled(size_t rows, const int64_t *kinds, size_t count)
{
	struct column *column = column_new(NONE);
	size_t row;

	for (row = 0; row < rows; row++)
		column_add(column, numbered(row, kinds, count));
	return column;
}

static void
check(const int64_t *kinds, size_t count)
{
	struct column *column = filled(2 * PAGE + 1, kinds, count);
	size_t row;

	for (row = 0; row <= 2 * PAGE; row++)
		assert_true(
		    column_get(column, row) == numbered(row, kinds, count));
	column_free(column);
}

static void
numbers_come_back_as_they_were_added(void **state)
{
	static const int64_t wide[] = {-FAR, FAR, 0, NONE, 1, -1};
	static const int64_t bytes[] = {300, 300 + 254, 300 + 255, NONE};
	static const int64_t full[] = {300, 300 + 255, 301};
	static const int64_t none[] = {NONE};
	static const int64_t same[] = {-5};

	(void)state;
	check(wide, 6);
	check(bytes, 4);
	check(full, 3);
	check(none, 1);
	check(same, 1);
}

static size_t
size_of(const int64_t *kinds, size_t count)
{
	struct column *column = filled(100 * PAGE, kinds, count);
	size_t size = column_size(column);

	column_free(column);
	return size;
}

/* Beside what a column of nothing takes, to the byte. */
static void
neighbours_that_are_alike_take_little(void **state)
{
	static const int64_t none[] = {NONE}, same[] = {7};
	static const int64_t full[] = {0, 255}, more[] = {0, 255, NONE};
	static const int64_t far[] = {0, FAR};
	size_t least = size_of(none, 1);

	(void)state;
	assert_int_equal(size_of(same, 1), least);
	assert_int_equal(size_of(full, 2) - least, 100 * PAGE);
	assert_int_equal(size_of(more, 3) - least, 2 * 100 * PAGE);
	assert_int_equal(size_of(far, 2) - least, 8 * 100 * PAGE);
	assert_true(least < (size_t)100 * PAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_come_back_as_they_were_added),
	    cmocka_unit_test(neighbours_that_are_alike_take_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
