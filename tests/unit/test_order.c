/*
 * order: what a subject may say about its consent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "credit/order.h"

#define ABOUT "\"subject\":\"91440101MA5CUY37JD\","
#define TIME "\"time\":\"2026-11-23T05:00:00.000001Z\""

static void
every_order_goes_there_and_back(void **state)
{
	static const char *const texts[ORDER_COUNT] = {
	    "{\"revokes\":\"c-1\"," ABOUT TIME "}",
	    "{\"pauses\":\"c-1\"," ABOUT TIME "}",
	    "{\"resumes\":\"c-1\"," ABOUT TIME "}"};
	struct order order;
	struct buf printed = {0};
	int i;

	(void)state;
	for (i = 0; i < ORDER_COUNT; i++) {
		buf_reset(&printed);
		assert_int_equal(
		    order_parse(span_of(texts[i]), &order, NULL), ERR_OK);
		order_print(&order, &printed);
		assert_int_equal(order.kind, i);
		assert_string_equal(buf_cstr(&printed), texts[i]);
	}
	buf_release(&printed);
}

static void
half_an_order_and_two_at_once_are_refused(void **state)
{
	static const char *const others[] = {"{}", "{\"revokes\":\"c-1\"}",
	    "{" ABOUT TIME "}", "{\"revokes\":\"\"," ABOUT TIME "}",
	    "{\"revokes\":\"c\",\"subject\":\"x\"," TIME "}",
	    "{\"pauses\":\"c\"," ABOUT "\"time\":\"now\"}",
	    "{\"pauses\":\"c\"," ABOUT TIME ",\"until\":\"\"}",
	    "{\"pauses\":\"c\",\"resumes\":\"c\"," ABOUT TIME "}",
	    "{\"pauses\":\"c\",\"revokes\":null," ABOUT TIME "}",
	    "{\"resumes\":[\"c\"]," ABOUT TIME "}"};
	struct order order;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(
		    order_parse(span_of(others[i]), &order, NULL), ERR_INVALID);
}

static void
a_pause_is_not_from_the_future_and_a_revocation_always_holds(void **state)
{
	struct order order = {.kind = ORDER_PAUSE, .time_us = 1000};

	(void)state;
	assert_false(order_is_ahead(&order, 1000));
	order.time_us += ORDER_AHEAD_US;
	assert_false(order_is_ahead(&order, 1000));
	assert_true(order_is_ahead(&order, 999));
	order.kind = ORDER_RESUME;
	assert_true(order_is_ahead(&order, 999));
	order.kind = ORDER_REVOKE;
	assert_false(order_is_ahead(&order, 999));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_order_goes_there_and_back),
	    cmocka_unit_test(half_an_order_and_two_at_once_are_refused),
	    cmocka_unit_test(
		a_pause_is_not_from_the_future_and_a_revocation_always_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
