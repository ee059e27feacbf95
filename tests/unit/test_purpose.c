/*
 * purpose: the closed list and its names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credit/purpose.h"

static void
every_purpose_is_parsed_from_its_own_name(void **state)
{
	unsigned i;

	(void)state;
	for (i = PURPOSE_NONE + 1; i < PURPOSE_COUNT; i++)
		assert_int_equal(
		    purpose_parse(span_of(purpose_name((enum purpose)i))), i);
}

static void
anything_else_is_no_purpose(void **state)
{
	static const char *const others[] = {
	    "", "none", "Self", "self ", "pre_loa", "pre_loans", "贷前调查"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(
		    purpose_parse(span_of(others[i])), PURPOSE_NONE);
	assert_int_equal(purpose_parse(span_make("self\0", 5)), PURPOSE_NONE);
}

static void
a_number_outside_the_list_has_the_name_none(void **state)
{
	(void)state;
	assert_string_equal(purpose_name((enum purpose)99), "none");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_purpose_is_parsed_from_its_own_name),
	    cmocka_unit_test(anything_else_is_no_purpose),
	    cmocka_unit_test(a_number_outside_the_list_has_the_name_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
