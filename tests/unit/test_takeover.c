/*
 * takeover: divisions go from one platform to another, or stay.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credit/takeover.h"

static struct member
platform(const char *json)
{
	struct member member;

	assert_int_equal(member_parse(span_of(json), &member, NULL), ERR_OK);
	return member;
}

#define SZ                                                                     \
	"{\"code\":\"sz\",\"name\":\"sz\",\"kind\":\"platform\","              \
	"\"divisions\":[\"4403\",\"4404\",\"4405\"]}"
#define GZ                                                                     \
	"{\"code\":\"gz\",\"name\":\"gz\",\"kind\":\"platform\","              \
	"\"divisions\":[\"4401\"]}"

static struct takeover
takeover(const char *json)
{
	struct takeover read;

	assert_int_equal(takeover_parse(span_of(json), &read, NULL), ERR_OK);
	return read;
}

static void
what_is_named_moves_and_the_rest_stays(void **state)
{
	struct member from = platform(SZ), to = platform(GZ);
	struct takeover wanted =
	    takeover("{\"from\":\"sz\",\"divisions\":[\"4404\"]}");

	(void)state;
	assert_int_equal(takeover_apply(&wanted, &from, &to, NULL), ERR_OK);

	assert_int_equal(from.division_count, 2);
	assert_string_equal(from.divisions[0], "4403");
	assert_string_equal(from.divisions[1], "4405");
	assert_int_equal(to.division_count, 2);
	assert_string_equal(to.divisions[1], "4404");
}

static void
without_a_list_everything_moves(void **state)
{
	struct member from = platform(SZ), to = platform(GZ);
	struct takeover wanted = takeover("{\"from\":\"sz\"}");

	(void)state;
	assert_int_equal(takeover_apply(&wanted, &from, &to, NULL), ERR_OK);

	assert_int_equal(from.division_count, 0);
	assert_int_equal(to.division_count, 4);
}

static void
a_predecessor_may_be_struck_off_but_not_a_successor(void **state)
{
	struct member from = platform(SZ), to = platform(GZ);
	struct takeover wanted = takeover("{\"from\":\"sz\"}");

	(void)state;
	to.status = MEMBER_STRUCK_OFF;
	assert_int_equal(
	    takeover_apply(&wanted, &from, &to, NULL), ERR_CONFLICT);
	to.status = MEMBER_ACTIVE;
	from.status = MEMBER_STRUCK_OFF;
	assert_int_equal(takeover_apply(&wanted, &from, &to, NULL), ERR_OK);
}

static void
what_cannot_be_changes_neither(void **state)
{
	struct member from = platform(SZ), to = platform(GZ), bank = to;
	const struct member before = from, after = to;
	struct takeover wanted =
	    takeover("{\"from\":\"sz\",\"divisions\":[\"4403\",\"4401\"]}");

	(void)state;
	assert_int_equal(
	    takeover_apply(&wanted, &from, &to, NULL), ERR_CONFLICT);
	assert_int_equal(
	    takeover_apply(&wanted, &from, &from, NULL), ERR_CONFLICT);
	bank.kind = MEMBER_BANK;
	wanted = takeover("{\"from\":\"sz\"}");
	assert_int_equal(
	    takeover_apply(&wanted, &from, &bank, NULL), ERR_CONFLICT);
	assert_int_equal(
	    takeover_apply(&wanted, &bank, &to, NULL), ERR_CONFLICT);
	to.division_count = MEMBER_LIST_MAX;
	assert_int_equal(
	    takeover_apply(&wanted, &from, &to, NULL), ERR_CONFLICT);

	to.division_count = after.division_count;
	assert_memory_equal(&from, &before, sizeof(from));
	assert_memory_equal(&to, &after, sizeof(to));
}

static void
documents_of_another_shape_are_refused(void **state)
{
	static const char *const others[] = {"", "{}", "[]", "{\"from\":\"\"}",
	    "{\"from\":1}", "{\"from\":\"sz\",\"divisions\":[]}",
	    "{\"from\":\"sz\",\"divisions\":\"4403\"}",
	    "{\"from\":\"sz\",\"divisions\":[\"440300\"]}",
	    "{\"from\":\"sz\",\"divisions\":[4403]}",
	    "{\"from\":\"sz\",\"to\":\"gz\"}"};
	struct takeover read;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_int_equal(
		    takeover_parse(span_of(others[i]), &read, NULL),
		    ERR_INVALID);
}

static void
what_is_printed_is_what_was_read(void **state)
{
	static const char *const wanted[] = {"{\"from\":\"sz\"}",
	    "{\"from\":\"sz\",\"divisions\":[\"4403\",\"4401\"]}"};
	struct takeover read;
	struct buf out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		read = takeover(wanted[i]);
		buf_reset(&out);
		takeover_print(&read, &out);

		assert_string_equal(buf_cstr(&out), wanted[i]);
	}
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_printed_is_what_was_read),
	    cmocka_unit_test(what_is_named_moves_and_the_rest_stays),
	    cmocka_unit_test(without_a_list_everything_moves),
	    cmocka_unit_test(
		a_predecessor_may_be_struck_off_but_not_a_successor),
	    cmocka_unit_test(what_cannot_be_changes_neither),
	    cmocka_unit_test(documents_of_another_shape_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
