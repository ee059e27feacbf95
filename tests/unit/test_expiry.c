/*
 * expiry: which day is past.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "credit/expiry.h"

static int64_t
time_of(const char *text)
{
	int64_t time_us = 0;

	assert_int_equal(clock_parse(span_of(text), &time_us), ERR_OK);
	return time_us;
}

static void
days_are_those_of_the_network(void **state)
{
	int64_t late = time_of("2026-11-22T16:00:00Z");
	char day[EXPIRY_DATE_MAX];

	(void)state;
	assert_string_equal(expiry_cutoff(late, 5, day), "2021-11-23");
	assert_string_equal(expiry_cutoff(late - 1, 5, day), "2021-11-22");
}

static void
a_leap_day_is_past_when_february_ends(void **state)
{
	char day[EXPIRY_DATE_MAX];

	(void)state;
	/* No such day in 2023: as text it stands behind the 28th. */
	expiry_cutoff(time_of("2028-02-29T00:00:00Z"), 5, day);
	assert_string_equal(day, "2023-02-29");
	assert_true(expiry_is_past(span_of("2023-02-28"), day));
	assert_false(expiry_is_past(span_of("2023-03-01"), day));

	expiry_cutoff(time_of("2029-02-28T00:00:00Z"), 5, day);
	assert_false(expiry_is_past(span_of("2024-02-29"), day));
	expiry_cutoff(time_of("2029-03-01T00:00:00Z"), 5, day);
	assert_true(expiry_is_past(span_of("2024-02-29"), day));
}

static void
the_day_itself_is_past_and_the_next_is_not(void **state)
{
	(void)state;
	assert_true(expiry_is_past(span_of("2021-11-22"), "2021-11-23"));
	assert_true(expiry_is_past(span_of("2021-11-23"), "2021-11-23"));
	assert_false(expiry_is_past(span_of("2021-11-24"), "2021-11-23"));
}

static void
only_a_whole_day_can_be_past(void **state)
{
	(void)state;
	assert_false(expiry_is_past(span_of(""), "2021-11-23"));
	assert_false(expiry_is_past(span_of("2020"), "2021-11-23"));
	assert_false(expiry_is_past(span_of("2020-01"), "2021-11-23"));
	assert_false(expiry_is_past(span_of("2020-01-0x"), "2021-11-23"));
	assert_false(expiry_is_past(span_of("2020/01/01"), "2021-11-23"));
	assert_false(
	    expiry_is_past(span_of("2020-01-01T00:00:00Z"), "2021-11-23"));
}

static void
more_years_than_there_were_are_never_over(void **state)
{
	char day[EXPIRY_DATE_MAX];

	(void)state;
	expiry_cutoff(0, 2000, day);
	assert_string_equal(day, "0000-01-01");
	assert_false(expiry_is_past(span_of("1800-01-01"), day));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(days_are_those_of_the_network),
	    cmocka_unit_test(a_leap_day_is_past_when_february_ends),
	    cmocka_unit_test(the_day_itself_is_past_and_the_next_is_not),
	    cmocka_unit_test(only_a_whole_day_can_be_past),
	    cmocka_unit_test(more_years_than_there_were_are_never_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
