/*
 * err: names and words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"

static void
every_error_has_a_name(void **state)
{
	int i;

	(void)state;
	for (i = ERR_OK; i <= ERR_CLOSED; i++)
		assert_string_not_equal(err_name((enum err)i), "unknown");
	assert_string_equal(err_name(ERR_TOO_OLD), "too_old");
	assert_string_equal(err_name((enum err)999), "unknown");
}

static void
words_are_cut_and_the_error_comes_back(void **state)
{
	struct why why;

	(void)state;
	assert_int_equal(why_set(&why, ERR_IO, "%0300d", 7), ERR_IO);
	assert_int_equal(why.text[sizeof(why.text) - 1], '\0');
	assert_int_equal(why_set(NULL, ERR_GAP, "nobody listens"), ERR_GAP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_error_has_a_name),
	    cmocka_unit_test(words_are_cut_and_the_error_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
