/*
 * objection: its claims are read strictly, and print as they were read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "credit/objection.h"

#define HEAD "{\"id\":\"o-1\",\"subject\":\"91440101MA5CUY37JD\",\"item\":11,"
#define TAIL ",\"text\":\"x\",\"time\":\"2026-11-23T08:00:00Z\"}"

static enum err
parse(const char *json, struct objection *objection)
{
	struct why why = {""};

	return objection_parse(span_of(json), objection, &why);
}

static void
values_of_the_key_are_joined_and_printed_as_they_were(void **state)
{
	static const char json[] =
	    HEAD "\"key\":[\"a\",\"b\"],\"reason\":\"wrong\",\"text\":\"x\","
		 "\"materials\":[{\"name\":\"m\",\"sha256\":\""
		 "abababababababababababababababababababababababababababababab"
		 "abab\"}],\"time\":\"2026-11-23T08:00:00Z\"}";
	struct objection objection;
	struct buf text = {0};

	(void)state;
	assert_int_equal(parse(json, &objection), ERR_OK);
	assert_string_equal(objection.key, "a\x1f"
					   "b");
	assert_int_equal(objection.material_count, 1);

	objection_print(&objection, &text);
	assert_string_equal(buf_cstr(&text), json);
	buf_release(&text);
}

static void
only_a_reason_of_the_list_is_one_and_two_ask_for_repair(void **state)
{
	struct objection objection;

	(void)state;
	assert_int_equal(
	    parse(HEAD "\"reason\":\"fulfilled\"" TAIL, &objection), ERR_OK);
	assert_true(objection_asks_repair(objection.reason));
	assert_int_equal(
	    parse(HEAD "\"reason\":\"outdated\"" TAIL, &objection), ERR_OK);
	assert_false(objection_asks_repair(objection.reason));
	assert_int_equal(
	    parse(HEAD "\"reason\":\"because\"" TAIL, &objection), ERR_INVALID);
}

static void
what_is_not_understood_is_refused(void **state)
{
	static const char *const wrong[] = {
	    HEAD "\"reason\":\"wrong\",\"more\":1" TAIL,
	    HEAD "\"reason\":\"wrong\",\"key\":[]" TAIL,
	    HEAD "\"reason\":\"wrong\",\"key\":\"a\"" TAIL,
	    HEAD "\"reason\":\"wrong\",\"key\":[\"a\\u001fb\"]" TAIL,
	    HEAD "\"reason\":\"wrong\",\"key\":[\"\"]" TAIL,
	    HEAD "\"reason\":\"wrong\",\"materials\":[{\"name\":\"m\"}]" TAIL,
	    HEAD "\"reason\":\"wrong\",\"time\":\"2026-11-23T08:00:00Z\"}",
	    "[]",
	    "",
	};
	struct objection objection;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_int_not_equal(parse(wrong[i], &objection), ERR_OK);
		assert_int_equal(objection.id[0], '\0');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		values_of_the_key_are_joined_and_printed_as_they_were),
	    cmocka_unit_test(
		only_a_reason_of_the_list_is_one_and_two_ask_for_repair),
	    cmocka_unit_test(what_is_not_understood_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
