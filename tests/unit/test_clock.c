/*
 * clock: RFC 3339 in and out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

static void
assert_reads(const char *text, int64_t expected)
{
	int64_t time_us = -1;

	assert_int_equal(clock_parse(span_of(text), &time_us), ERR_OK);
	assert_int_equal(time_us, expected);
}

static void
times_print_and_read_back(void **state)
{
	static const int64_t times[] = {0, -1, 951782400000000,
	    1774684800000000, 253402300799999999, -62167219200000000};
	static const char *const texts[] = {"1970-01-01T00:00:00Z",
	    "1969-12-31T23:59:59.999999Z", "2000-02-29T00:00:00Z",
	    "2026-03-28T08:00:00Z", "9999-12-31T23:59:59.999999Z",
	    "0000-01-01T00:00:00Z"};
	char text[CLOCK_TEXT_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		assert_string_equal(clock_print(times[i], text), texts[i]);
		assert_reads(texts[i], times[i]);
	}
	clock_print(INT64_MIN, text);
	clock_print(INT64_MAX, text);
}

static void
offsets_and_fractions_are_understood(void **state)
{
	(void)state;
	assert_reads("2026-03-28T16:00:00+08:00", 1774684800000000);
	assert_reads("2026-03-28t03:30:00.5-04:30", 1774684800500000);
	assert_reads("1970-01-01T00:00:00.123456789z", 123456);
}

static void
anything_else_is_refused(void **state)
{
	static const char *const wrong[] = {"", "2026-03-28",
	    "2026-02-29T00:00:00Z", "2026-03-28T24:00:00Z",
	    "2026-03-28T00:60:00Z", "2016-12-31T23:59:60Z",
	    "2026-03-28T00:00:00", "2026-03-28T00:00:00.Z",
	    "2026-03-28T00:00:00+0800", "2026-03-28T00:00:00+24:00",
	    "2026-03-28T00:00:00Z ", "2026-3-28T00:00:00Z",
	    "2026-03-28 00:00:00Z", "+026-03-28T00:00:00Z"};
	int64_t time_us;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(
		    clock_parse(span_of(wrong[i]), &time_us), ERR_INVALID);
}

static void
the_clock_is_turned_by_hand(void **state)
{
	int64_t tick;

	(void)state;
	clock_set(42);
	assert_int_equal(clock_now_us(), 42);
	clock_set(-1);
	assert_true(clock_now_us() > 1700000000 * CLOCK_SECOND);
	tick = clock_tick_us();
	assert_true(clock_tick_us() >= tick);
}

static void
leap_days_are_dates_when_they_exist(void **state)
{
	(void)state;
	assert_true(clock_is_date(2024, 2, 29));
	assert_true(clock_is_date(2000, 2, 29));
	assert_false(clock_is_date(1900, 2, 29));
	assert_false(clock_is_date(2023, 2, 29));
	assert_false(clock_is_date(2023, 13, 1));
	assert_false(clock_is_date(2023, 0, 1));
	assert_false(clock_is_date(2023, 4, 31));
	assert_false(clock_is_date(2023, 4, 0));
}

/* An offset may lead out of the years that have four digits. */
static void
years_have_four_digits(void **state)
{
	char text[CLOCK_TEXT_MAX];
	int64_t time_us;

	(void)state;
	assert_int_equal(
	    clock_parse(span_of("0000-01-01T00:00:00+00:01"), &time_us),
	    ERR_INVALID);
	assert_int_equal(
	    clock_parse(span_of("9999-12-31T23:59:59-00:01"), &time_us),
	    ERR_INVALID);
	assert_string_equal(
	    clock_print(INT64_MIN, text), "0000-01-01T00:00:00Z");
	assert_string_equal(
	    clock_print(INT64_MAX, text), "9999-12-31T23:59:59.999999Z");
}

static void
people_in_china_read_their_own_day(void **state)
{
	char out[CLOCK_TEXT_MAX];

	(void)state;
	assert_string_equal(clock_print_east(INT64_C(1774684800000000), out),
	    "2026-03-28 16:00:00");
	assert_string_equal(clock_print_east(INT64_C(1774713600999999), out),
	    "2026-03-29 00:00:00");
	assert_string_equal(clock_print_east(-1, out), "1970-01-01 07:59:59");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(times_print_and_read_back),
	    cmocka_unit_test(offsets_and_fractions_are_understood),
	    cmocka_unit_test(years_have_four_digits),
	    cmocka_unit_test(anything_else_is_refused),
	    cmocka_unit_test(the_clock_is_turned_by_hand),
	    cmocka_unit_test(leap_days_are_dates_when_they_exist),
	    cmocka_unit_test(people_in_china_read_their_own_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
