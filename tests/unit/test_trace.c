/*
 * trace: which traceparent is followed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/trace.h"

#define ID "4bf92f3577b34da6a3ce929d0e0e4736"
#define RIGHT "00-" ID "-00f067aa0ba902b7-01"

static void
a_trace_goes_on_with_a_part_of_our_own(void **state)
{
	struct trace trace = {.id = ""};

	(void)state;
	assert_true(trace_follow(&trace, RIGHT));
	assert_string_equal(trace.id, ID);
	assert_int_equal(strlen(trace.parent), TRACE_PARENT_LEN);
	assert_memory_equal(trace.parent, RIGHT, 36);
	assert_string_equal(trace.parent + 52, "-01");
	assert_int_not_equal(
	    memcmp(trace.parent + 36, "00f067aa0ba902b7", 16), 0);
}

static void
what_is_not_exactly_one_is_not_followed(void **state)
{
	static const char *const wrong[] = {
	    "",
	    "00-" ID "-00f067aa0ba902b7-01 ",
	    "00-" ID "-00f067aa0ba902b7-0",
	    "01-" ID "-00f067aa0ba902b7-01",
	    "ff-" ID "-00f067aa0ba902b7-01",
	    "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
	    "00-" ID "-00f067aa0ba902bg-01",
	    "00-" ID "-00f067aa0ba902b7-0x",
	    "00-" ID "_00f067aa0ba902b7-01",
	    "00-" ID "-00f067aa0ba902b7_01",
	    "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
	    "00-" ID "-0000000000000000-01",
	};
	struct trace trace = {.id = ""};
	size_t i;

	(void)state;
	assert_false(trace_follow(&trace, NULL));
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(trace_follow(&trace, wrong[i]));
	assert_string_equal(trace.id, "");
}

static void
a_new_trace_is_one_that_others_follow(void **state)
{
	struct trace one = {.id = ""}, other = {.id = ""};

	(void)state;
	trace_begin(&one);
	assert_true(trace_follow(&other, one.parent));
	assert_string_equal(one.id, other.id);
	trace_begin(&other);
	assert_string_not_equal(one.id, other.id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_trace_goes_on_with_a_part_of_our_own),
	    cmocka_unit_test(what_is_not_exactly_one_is_not_followed),
	    cmocka_unit_test(a_new_trace_is_one_that_others_follow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
