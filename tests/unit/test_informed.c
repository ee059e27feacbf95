/*
 * informed: how many institutions were told of a correction.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "credit/informed.h"

static enum err
parse(const char *text)
{
	struct informed informed;

	return informed_parse(span_of(text), &informed, NULL);
}

static void
what_is_printed_is_read_again(void **state)
{
	struct informed before = {"case-1", 7}, after;
	struct buf text = {0};

	(void)state;
	informed_print(&before, &text);
	assert_string_equal(
	    buf_cstr(&text), "{\"objection\":\"case-1\",\"members\":7}");
	assert_true(text.len <= INFORMED_MAX);
	assert_int_equal(informed_parse(buf_span(&text), &after, NULL), ERR_OK);
	assert_memory_equal(&before, &after, sizeof(before));
	buf_release(&text);
}

static void
what_is_none_is_refused(void **state)
{
	(void)state;
	assert_int_equal(parse(""), ERR_INVALID);
	assert_int_equal(parse("[]"), ERR_INVALID);
	assert_int_equal(parse("{\"objection\":\"a\"}"), ERR_INVALID);
	assert_int_equal(
	    parse("{\"objection\":\"a b\",\"members\":1}"), ERR_INVALID);
	assert_int_equal(
	    parse("{\"objection\":\"a\",\"members\":-1}"), ERR_INVALID);
	assert_int_equal(
	    parse("{\"objection\":\"a\",\"members\":1000001}"), ERR_INVALID);
	assert_int_equal(
	    parse("{\"objection\":\"a\",\"members\":\"1\"}"), ERR_INVALID);
	assert_int_equal(
	    parse("{\"objection\":\"a\",\"members\":1,\"who\":\"x\"}"),
	    ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_printed_is_read_again),
	    cmocka_unit_test(what_is_none_is_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
