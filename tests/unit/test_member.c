/*
 * member: what is a member document and what is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "credit/member.h"

#define KEY_Z85 "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define KEY_HEX                                                                \
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"

static const char platform[] =
    "{\"code\":\"91110000100000001W\",\"name\":\"广东省平台\","
    "\"kind\":\"platform\",\"status\":\"suspended\","
    "\"divisions\":[\"44\",\"4401\"],\"items\":[],"
    "\"curve_key\":\"" KEY_Z85 "\",\"sign_key\":\"" KEY_HEX "\","
    "\"trail_key\":\"" KEY_HEX "\"}";

static void
a_platform_is_read_whole(void **state)
{
	struct member member;

	(void)state;
	assert_int_equal(
	    member_parse(span_of(platform), &member, NULL), ERR_OK);
	assert_string_equal(member.code, "91110000100000001W");
	assert_string_equal(member.name, "广东省平台");
	assert_int_equal(member.kind, MEMBER_PLATFORM);
	assert_int_equal(member.status, MEMBER_SUSPENDED);
	assert_int_equal(member.division_count, 2);
	assert_string_equal(member.divisions[1], "4401");
	assert_string_equal(member.curve_key, KEY_Z85);
	assert_string_equal(member.sign_key, KEY_HEX);
	assert_string_equal(member.trail_key, KEY_HEX);
}

static void
printed_and_parsed_again_it_is_the_same(void **state)
{
	struct buf text = {0};
	struct member member;

	(void)state;
	assert_int_equal(
	    member_parse(span_of(platform), &member, NULL), ERR_OK);
	member_print(&member, &text);

	assert_string_equal(buf_cstr(&text), platform);
	buf_release(&text);
}

static void
status_is_active_when_absent(void **state)
{
	struct member member;

	(void)state;
	assert_int_equal(member_parse(span_of("{\"code\":\"bank-1\",\"name\":"
					      "\"x\",\"kind\":\"bank\"}"),
			     &member, NULL),
	    ERR_OK);
	assert_int_equal(member.status, MEMBER_ACTIVE);
	assert_true(member_is_institution(&member));
}

static void
a_department_may_provide_what_its_document_lists(void **state)
{
	struct member member;

	(void)state;
	assert_int_equal(
	    member_parse(span_of("{\"code\":\"tax\",\"name\":\"x\",\"kind\":"
				 "\"department\",\"items\":[3,59999]}"),
		&member, NULL),
	    ERR_OK);
	assert_true(member_may_provide(&member, 3));
	assert_true(member_may_provide(&member, 59999));
	assert_false(member_may_provide(&member, 4));
	member.kind = MEMBER_BANK;
	assert_false(member_may_provide(&member, 3));
}

static void
a_platform_holds_the_streams_of_its_divisions(void **state)
{
	struct member member;

	(void)state;
	assert_int_equal(
	    member_parse(span_of("{\"code\":\"p\",\"name\":\"x\",\"kind\":"
				 "\"platform\",\"divisions\":[\"44\","
				 "\"3301\"]}"),
		&member, NULL),
	    ERR_OK);
	assert_true(member_holds(&member, "4401"));
	assert_true(member_holds(&member, "3301"));
	assert_false(member_holds(&member, "3302"));
}

static struct member
of_divisions(const char *kind, const char *divisions, enum err expected)
{
	struct member member = {0};
	struct buf text = {0};

	buf_print(&text,
	    "{\"code\":\"p\",\"name\":\"x\",\"kind\":\"%s\",\"divisions\":%s}",
	    kind, divisions);
	assert_int_equal(
	    member_parse(buf_span(&text), &member, NULL), expected);
	buf_release(&text);
	return member;
}

static void
a_county_is_a_door_and_holds_and_hears_control_only(void **state)
{
	struct member door =
	    of_divisions("platform", "[\"440106\",\"429004\"]", ERR_OK);
	struct member mixed =
	    of_divisions("platform", "[\"4401\",\"440305\"]", ERR_OK);
	struct member none = of_divisions("platform", "[]", ERR_OK);

	(void)state;
	assert_true(member_is_door(&door));
	assert_true(member_holds(&door, "0000"));
	assert_false(member_holds(&door, "4401"));
	assert_false(member_holds(&door, "4290"));
	assert_true(member_may_hear(&door, "0000"));
	assert_true(member_may_hear(&door, "pulse"));
	assert_false(member_may_hear(&door, "440106"));
	assert_false(member_may_hear(&door, "4401"));
	assert_false(member_is_door(&mixed));
	assert_true(member_holds(&mixed, "4401"));
	assert_false(member_holds(&mixed, "4403"));
	assert_false(member_is_door(&none));
}

static void
nobody_but_a_platform_has_a_county(void **state)
{
	(void)state;
	(void)of_divisions("bank", "[\"440106\"]", ERR_INVALID);
	(void)of_divisions("department", "[\"440106\"]", ERR_INVALID);
	(void)of_divisions("bank", "[\"4401\"]", ERR_OK);
}

static void
active_platforms_with_the_same_division_are_rivals(void **state)
{
	struct member a = {.code = "a",
	    .kind = MEMBER_PLATFORM,
	    .status = MEMBER_ACTIVE,
	    .divisions = {"", "44", "4401"},
	    .division_count = 3};
	struct member b = a;

	(void)state;
	assert_null(member_rival_division(&a, &b));
	b.code[0] = 'b';
	assert_string_equal(member_rival_division(&a, &b), "44");
	b.status = MEMBER_SUSPENDED;
	assert_null(member_rival_division(&a, &b));
	b.status = MEMBER_ACTIVE;
	strcpy(b.divisions[1], "4402");
	b.division_count = 2;
	assert_null(member_rival_division(&a, &b));
}

static void
while_a_key_rolls_both_are_the_members(void **state)
{
	static const char other[] = "0000000000000000000000000000000000000000";
	struct buf text = {0};
	struct member member, again;

	(void)state;
	assert_int_equal(
	    member_parse(span_of(platform), &member, NULL), ERR_OK);
	assert_true(member_has_key(&member, KEY_Z85));
	assert_false(member_has_key(&member, other));
	assert_false(member_has_key(&member, ""));
	memcpy(member.next_curve_key, other, sizeof(other));
	assert_true(member_has_key(&member, KEY_Z85));
	assert_true(member_has_key(&member, other));

	member_print(&member, &text);
	assert_int_equal(member_parse(buf_span(&text), &again, NULL), ERR_OK);
	assert_memory_equal(&member, &again, sizeof(member));
	buf_release(&text);
}

static void
where_a_platform_answers_is_a_host_and_no_more(void **state)
{
	static const char *const right[] = {"https://gz.example.cn:8443",
	    "https://10.0.0.1", "https://[2001:db8::1]:443"};
	static const char *const wrong[] = {"http://gz.example.cn", "https://",
	    "gz.example.cn:8443", "https://gz/path", "https://u@gz",
	    "https://gz?a=b", "https://gz x", "HTTPS://gz"};
	struct member member, again;
	struct buf text = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(right) / sizeof(*right); i++) {
		buf_reset(&text);
		buf_print(&text,
		    "{\"code\":\"p\",\"name\":\"x\",\"kind\":\"platform\","
		    "\"url\":\"%s\"}",
		    right[i]);
		assert_int_equal(
		    member_parse(buf_span(&text), &member, NULL), ERR_OK);
		assert_string_equal(member.url, right[i]);
		buf_reset(&text);
		member_print(&member, &text);
		assert_int_equal(
		    member_parse(buf_span(&text), &again, NULL), ERR_OK);
		assert_memory_equal(&member, &again, sizeof(member));
	}
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		buf_reset(&text);
		buf_print(&text,
		    "{\"code\":\"p\",\"name\":\"x\",\"kind\":\"platform\","
		    "\"url\":\"%s\"}",
		    wrong[i]);
		assert_int_equal(
		    member_parse(buf_span(&text), &member, NULL), ERR_INVALID);
	}
	assert_int_equal(
	    member_parse(span_of("{\"code\":\"b\",\"name\":\"x\",\"kind\":"
				 "\"bank\",\"url\":\"https://b\"}"),
		&member, NULL),
	    ERR_INVALID);
	buf_release(&text);
}

static void
a_platform_hears_its_divisions_and_control_only(void **state)
{
	struct member member;

	(void)state;
	assert_int_equal(
	    member_parse(span_of("{\"code\":\"p\",\"name\":\"x\",\"kind\":"
				 "\"platform\",\"divisions\":[\"4401\"]}"),
		&member, NULL),
	    ERR_OK);
	assert_true(member_may_hear(&member, "4401"));
	assert_true(member_may_hear(&member, "0000"));
	assert_true(member_may_hear(&member, "pulse"));
	assert_false(member_may_hear(&member, ""));
	assert_false(member_may_hear(&member, "44"));
	assert_false(member_may_hear(&member, "4403"));
	assert_false(member_may_hear(&member, "00"));
	member.status = MEMBER_SUSPENDED;
	assert_false(member_may_hear(&member, "4401"));
}

#define OPERATOR(role)                                                         \
	"{\"code\":\"o\",\"name\":\"x\",\"kind\":\"operator\"" role "}"

static void
an_operator_without_a_role_may_act_and_prints_none(void **state)
{
	struct buf text = {0};
	struct member member;

	(void)state;
	assert_int_equal(
	    member_parse(span_of(OPERATOR("")), &member, NULL), ERR_OK);
	assert_true(member_may_act(&member));
	assert_true(member_may_audit(&member));
	member_print(&member, &text);
	assert_null(strstr(buf_cstr(&text), "role"));
	member.status = MEMBER_SUSPENDED;
	assert_false(member_may_act(&member));
	assert_false(member_may_audit(&member));
	buf_release(&text);
}

static void
an_auditor_reads_and_a_viewer_does_not_read_subjects(void **state)
{
	struct buf text = {0};
	struct member member, again;

	(void)state;
	assert_int_equal(
	    member_parse(
		span_of(OPERATOR(",\"role\":\"auditor\"")), &member, NULL),
	    ERR_OK);
	assert_false(member_may_act(&member));
	assert_true(member_may_audit(&member));
	assert_int_equal(member_parse(span_of(OPERATOR(",\"role\":\"viewer\"")),
			     &member, NULL),
	    ERR_OK);
	assert_false(member_may_act(&member));
	assert_false(member_may_audit(&member));

	member_print(&member, &text);
	assert_int_equal(member_parse(buf_span(&text), &again, NULL), ERR_OK);
	assert_int_equal(again.role, MEMBER_ROLE_VIEWER);
	buf_release(&text);
}

static void
unusable_documents_are_refused(void **state)
{
	static const char *const others[] = {"", "[]", "null", "{}",
	    "{\"code\":\"a\",\"name\":\"x\"}",
	    "{\"code\":\"a\",\"kind\":\"bank\"}",
	    "{\"name\":\"x\",\"kind\":\"bank\"}",
	    "{\"code\":\"\",\"name\":\"x\",\"kind\":\"bank\"}",
	    "{\"code\":\"a b\",\"name\":\"x\",\"kind\":\"bank\"}",
	    "{\"code\":\"a+b\",\"name\":\"x\",\"kind\":\"bank\"}",
	    "{\"code\":\"a\\n\",\"name\":\"x\",\"kind\":\"bank\"}",
	    "{\"code\":7,\"name\":\"x\",\"kind\":\"bank\"}",
	    "{\"code\":\"a\",\"name\":\"x\\u001b\",\"kind\":\"bank\"}",
	    "{\"code\":\"a\",\"name\":\"x\",\"kind\":\"Bank\"}",
	    "{\"code\":\"a\",\"name\":\"x\",\"kind\":\"bank\",\"status\":"
	    "\"\"}",
	    "{\"code\":\"a\",\"name\":\"x\",\"kind\":\"bank\",\"status\":"
	    "null}",
	    "{\"code\":\"a\",\"name\":\"x\",\"kind\":\"bank\",\"admin\":"
	    "true}",
	    "{\"code\":\"a\",\"name\":\"x\",\"kind\":\"bank\",\"kind\":"
	    "\"operator\"}",
	    "{\"code\":\"a\",\"name\":\"x\",\"kind\":\"bank\"} {}",
	    "{\"code\":\"a\",\"name\":\"x\",\"kind\":\"bank\",\"role\":"
	    "\"viewer\"}",
	    OPERATOR(",\"role\":\"admin\""), OPERATOR(",\"role\":\"\""),
	    OPERATOR(",\"role\":null"),
	    "{\"code\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"name\":\"x\","
	    "\"kind\":\"bank\"}"};
	struct member member;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(
		    member_parse(span_of(others[i]), &member, NULL),
		    ERR_INVALID);
}

static void
lists_and_keys_of_the_wrong_shape_are_refused(void **state)
{
	static const char *const others[] = {"\"divisions\":\"44\"",
	    "\"divisions\":[44]", "\"divisions\":[\"440\"]",
	    "\"divisions\":[\"440100\"]", "\"divisions\":[\"4a\"]",
	    "\"divisions\":[\"44010\"]", "\"divisions\":[\"4401060\"]",
	    "\"items\":[0]", "\"items\":[60001]", "\"items\":[1.5]",
	    "\"items\":[\"1\"]", "\"items\":{}", "\"items\":[-1]",
	    "\"items\":[18446744073709551617]", "\"curve_key\":\"short\"",
	    "\"curve_key\":\"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf~\"",
	    ("\"sign_key\":\"D75A980182B10AB7D54BFED3C964073A0EE172F3DAA62325AF"
	     "021A68F707511A\""),
	    "\"trail_key\":\"00\"", "\"trail_key\":[]"};
	struct member member;
	struct buf text = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		buf_reset(&text);
		buf_print(&text,
		    "{\"code\":\"a\",\"name\":\"x\",\"kind\":\"platform\",%s}",
		    others[i]);
		assert_int_equal(
		    member_parse(buf_span(&text), &member, NULL), ERR_INVALID);
	}
	buf_release(&text);
}

static void
too_many_items_are_refused(void **state)
{
	struct member member;
	struct buf text = {0};
	int i;

	(void)state;
	buf_text(&text,
	    "{\"code\":\"a\",\"name\":\"x\",\"kind\":\"department\","
	    "\"items\":[1");
	for (i = 0; i < MEMBER_LIST_MAX; i++)
		buf_text(&text, ",2");
	buf_text(&text, "]}");
	assert_int_equal(
	    member_parse(buf_span(&text), &member, NULL), ERR_INVALID);
	buf_release(&text);
}

static void
a_refusal_names_the_member_and_not_its_value(void **state)
{
	struct member member = {.code = "before"};
	struct why why;

	(void)state;
	assert_int_equal(member_parse(span_of("{\"code\":\"secret code\","
					      "\"name\":\"x\",\"kind\":"
					      "\"bank\"}"),
			     &member, &why),
	    ERR_INVALID);
	assert_non_null(strstr(why.text, "code"));
	assert_null(strstr(why.text, "secret"));
	assert_string_equal(member.code, "before");
}

static void
a_document_over_the_limit_is_not_even_parsed(void **state)
{
	struct member member;
	struct buf text = {0};

	(void)state;
	while (text.len <= MEMBER_MAX)
		buf_char(&text, ' ');
	assert_int_equal(
	    member_parse(buf_span(&text), &member, NULL), ERR_LIMIT);
	buf_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_platform_is_read_whole),
	    cmocka_unit_test(printed_and_parsed_again_it_is_the_same),
	    cmocka_unit_test(status_is_active_when_absent),
	    cmocka_unit_test(a_department_may_provide_what_its_document_lists),
	    cmocka_unit_test(a_platform_holds_the_streams_of_its_divisions),
	    cmocka_unit_test(
		a_county_is_a_door_and_holds_and_hears_control_only),
	    cmocka_unit_test(nobody_but_a_platform_has_a_county),
	    cmocka_unit_test(
		active_platforms_with_the_same_division_are_rivals),
	    cmocka_unit_test(while_a_key_rolls_both_are_the_members),
	    cmocka_unit_test(where_a_platform_answers_is_a_host_and_no_more),
	    cmocka_unit_test(a_platform_hears_its_divisions_and_control_only),
	    cmocka_unit_test(
		an_operator_without_a_role_may_act_and_prints_none),
	    cmocka_unit_test(
		an_auditor_reads_and_a_viewer_does_not_read_subjects),
	    cmocka_unit_test(unusable_documents_are_refused),
	    cmocka_unit_test(lists_and_keys_of_the_wrong_shape_are_refused),
	    cmocka_unit_test(too_many_items_are_refused),
	    cmocka_unit_test(a_refusal_names_the_member_and_not_its_value),
	    cmocka_unit_test(a_document_over_the_limit_is_not_even_parsed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
