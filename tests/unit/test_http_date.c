/*
 * http_date: the moment of a reply.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "wire/http_date.h"

static void
the_date_is_the_one_of_now(void **state)
{
	struct http_date date = {.second = 0};

	(void)state;
	clock_set(INT64_C(784111777) * CLOCK_SECOND + 999999);
	assert_string_equal(
	    http_date_now(&date), "Sun, 06 Nov 1994 08:49:37 GMT");
	assert_string_equal(
	    http_date_now(&date), "Sun, 06 Nov 1994 08:49:37 GMT");
	clock_set(INT64_C(784111778) * CLOCK_SECOND);
	assert_string_equal(
	    http_date_now(&date), "Sun, 06 Nov 1994 08:49:38 GMT");
	clock_set(0);
	date.text[0] = '\0';
	assert_string_equal(
	    http_date_now(&date), "Thu, 01 Jan 1970 00:00:00 GMT");
	clock_set(-1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_date_is_the_one_of_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
