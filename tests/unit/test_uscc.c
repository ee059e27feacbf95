/*
 * The code of a subject: check digit, old numbers, junk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credit/uscc.h"

static enum uscc_fault
check(const char *code)
{
	return uscc_check(span_of(code));
}

static void
known_codes_pass(void **state)
{
	(void)state;

	assert_int_equal(check("914403001922038216"), USCC_OK);
	assert_int_equal(check("9144030071526726XG"), USCC_OK);
	assert_int_equal(check("91100000100003962T"), USCC_OK);
	assert_int_equal(check("91500107556793456K"), USCC_OK);
}

static void
a_sum_of_zero_modulo_31_is_written_0(void **state)
{
	(void)state;

	assert_int_equal(check("915120212066509810"), USCC_OK);
	assert_int_equal(uscc_check_character("91320402137165500"), '0');
}

static void
a_wrong_check_digit_is_told(void **state)
{
	(void)state;

	assert_int_equal(check("91510100201920161Y"), USCC_CHECK_DIGIT);
}

static void
lower_case_and_unused_letters_are_characters(void **state)
{
	(void)state;

	assert_int_equal(check("91310000x072143273"), USCC_CHARACTER);
	assert_int_equal(check("91310000I072143273"), USCC_CHARACTER);
	assert_int_equal(check("9131000007214327O3"), USCC_CHARACTER);
	assert_int_equal(check("91440300192203821z"), USCC_CHARACTER);
}

static void
length_counts_characters_not_bytes(void **state)
{
	(void)state;

	assert_int_equal(check(""), USCC_LENGTH);
	assert_int_equal(check("91220521664295839"), USCC_LENGTH);
	assert_int_equal(check("企外苏宁承字"), USCC_LENGTH);
	assert_int_equal(check("企独苏苏办字第00379144030"), USCC_CHARACTER);
}

static void
an_old_number_is_told_from_junk(void **state)
{
	(void)state;

	assert_int_equal(check("320404000009558"), USCC_OLD_NUMBER);
	assert_int_equal(check("320404000009559"), USCC_LENGTH);
	assert_int_equal(check("320981NA000229X"), USCC_LENGTH);
}

static void
the_national_registry_is_100000_and_nothing_else(void **state)
{
	char code[] = "911000010000000000";

	(void)state;

	code[17] = uscc_check_character(code);
	assert_int_equal(check(code), USCC_PROVINCE);
}

static void
each_fault_has_a_rule(void **state)
{
	(void)state;

	assert_null(uscc_rule(USCC_OK));
	assert_string_equal(uscc_rule(USCC_LENGTH), "uscc_length");
	assert_string_equal(uscc_rule(USCC_OLD_NUMBER), "uscc_old_number");
	assert_string_equal(uscc_rule(USCC_CHARACTER), "uscc_character");
	assert_string_equal(uscc_rule(USCC_CHECK_DIGIT), "uscc_check_digit");
	assert_string_equal(uscc_rule(USCC_PROVINCE), "uscc_province");
}

static void
the_organisation_code_has_its_own_digit(void **state)
{
	(void)state;

	assert_true(uscc_organisation_is_sound("914403001922038216"));
	assert_true(uscc_organisation_is_sound("9144030071526726XG"));
	assert_false(uscc_organisation_is_sound("914403001922038316"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_codes_pass),
	    cmocka_unit_test(a_sum_of_zero_modulo_31_is_written_0),
	    cmocka_unit_test(a_wrong_check_digit_is_told),
	    cmocka_unit_test(lower_case_and_unused_letters_are_characters),
	    cmocka_unit_test(length_counts_characters_not_bytes),
	    cmocka_unit_test(an_old_number_is_told_from_junk),
	    cmocka_unit_test(the_national_registry_is_100000_and_nothing_else),
	    cmocka_unit_test(each_fault_has_a_rule),
	    cmocka_unit_test(the_organisation_code_has_its_own_digit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
