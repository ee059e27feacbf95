/*
 * watch: what a member wants to be told of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "credit/watch.h"

#define A "91440101MA000RX94L"
#define B "91440101MA000RX19U"

static struct watch watch;
static struct watched *list;
static size_t count;

static enum err
parse(const char *json)
{
	mem_free(list);
	return watch_parse(span_of(json), &watch, &list, &count, NULL);
}

static int
forget(void **state)
{
	(void)state;
	mem_free(list);
	list = NULL;
	return 0;
}

static void
subjects_come_out_ascending_and_once(void **state)
{
	(void)state;
	assert_int_equal(
	    parse("{\"id\":\"w\",\"subjects\":[\"" A "\",\"" B
		  "\",{\"subject\":\"" A "\",\"consent\":\"c-1\"}]}"),
	    ERR_OK);

	assert_int_equal(count, 2);
	assert_string_equal(list[0].subject, B);
	assert_string_equal(list[1].subject, A);
}

static void
what_is_not_understood_is_refused(void **state)
{
	static const char *const wrong[] = {"[]", "{\"subject\":[\"" A "\"]}",
	    "{\"subjects\":[]}", "{\"subjects\":[\"91440101MA000RX94X\"]}",
	    "{\"subjects\":[{\"subject\":\"" A "\",\"for\":1}]}",
	    "{\"id\":\"a/b\"}", "{\"rules\":[{\"kinds\":[\"gone\"]}]}",
	    "{\"rules\":[{\"kinds\":[]}]}", "{\"rules\":[{\"items\":[]}]}",
	    "{\"rules\":[{\"items\":[60002]}]}", "{\"rules\":[{\"item\":1}]}"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (parse(wrong[i]) != ERR_INVALID)
			fail_msg("taken: %s", wrong[i]);
}

static void
a_rule_wants_all_that_it_names(void **state)
{
	struct item penalty = {
	    .number = 11, .category = 5, .is_negative = true};
	struct item licence = {.number = 8, .category = 4};

	(void)state;
	assert_int_equal(
	    parse("{\"rules\":[{\"items\":[11],\"kinds\":[\"new\"]},"
		  "{\"negative\":true,\"kinds\":[\"repaired\"]}]}"),
	    ERR_OK);

	assert_true(watch_wants(&watch, 11, &penalty, CHANGE_NEW));
	assert_false(watch_wants(&watch, 11, &penalty, CHANGE_CHANGED));
	assert_true(watch_wants(&watch, 11, &penalty, CHANGE_REPAIRED));
	assert_false(watch_wants(&watch, 8, &licence, CHANGE_NEW));
	assert_false(watch_wants(&watch, 8, &licence, CHANGE_REPAIRED));
	assert_false(watch_wants(&watch, 12, NULL, CHANGE_REPAIRED));
}

static void
without_rules_any_change_is_wanted(void **state)
{
	(void)state;
	assert_int_equal(parse("{}"), ERR_OK);

	assert_true(watch_wants(&watch, 8, NULL, CHANGE_WITHDRAWN));
}

static void
a_change_is_named_by_the_states_before_and_after(void **state)
{
	(void)state;
	assert_int_equal(change_kind_of(0, RECORD_CURRENT), CHANGE_NEW);
	assert_int_equal(
	    change_kind_of(RECORD_WITHDRAWN, RECORD_CURRENT), CHANGE_NEW);
	assert_int_equal(
	    change_kind_of(RECORD_CURRENT, RECORD_CURRENT), CHANGE_CHANGED);
	assert_int_equal(
	    change_kind_of(RECORD_CURRENT, RECORD_DISPUTED), CHANGE_DISPUTED);
	assert_int_equal(
	    change_kind_of(RECORD_DISPUTED, RECORD_REPAIRED), CHANGE_REPAIRED);
	assert_int_equal(
	    change_kind_of(RECORD_DISPUTED, RECORD_CURRENT), CHANGE_CHANGED);
	assert_int_equal(
	    change_kind_of(RECORD_CURRENT, RECORD_WITHDRAWN), CHANGE_WITHDRAWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(
		subjects_come_out_ascending_and_once, forget),
	    cmocka_unit_test_teardown(
		what_is_not_understood_is_refused, forget),
	    cmocka_unit_test_teardown(a_rule_wants_all_that_it_names, forget),
	    cmocka_unit_test_teardown(
		without_rules_any_change_is_wanted, forget),
	    cmocka_unit_test(a_change_is_named_by_the_states_before_and_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
