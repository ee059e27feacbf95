/*
 * access: what the trail keeps of a question.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credit/access.h"

static const struct item items[3] = {
    {.number = 1}, {.number = 2}, {.number = 3}};

static const struct question question = {.subject = "91440101MA5CUY37JD",
    .purpose = PURPOSE_PRE_LOAN,
    .consent = "c-1"};

static struct permit
sample_permit(void)
{
	struct permit permit = {.rule = PERMIT_ALLOWED,
	    .authorised = true,
	    .consent_rule = PERMIT_ALLOWED,
	    .item_count = 3};

	permit.items[0] = (struct permit_item){&items[0], 1, 2, 0};
	permit.items[1] = (struct permit_item){&items[1], 0, 1, 0};
	permit.items[2] = (struct permit_item){&items[2], 4, 0, 0};
	return permit;
}

static void
it_names_the_items_of_which_anything_was_shown(void **state)
{
	struct permit permit = sample_permit();
	struct access access = {.time_us = 7, .member = "bank"};

	(void)state;
	access_fill(&access, &question, &permit);

	assert_int_equal(access.item_count, 2);
	assert_int_equal(access.items[0], 1);
	assert_int_equal(access.items[1], 3);
	assert_string_equal(access.subject, question.subject);
	assert_string_equal(access.consent, "c-1");
	assert_true(access.authorised);
	assert_int_equal(access.level, LEVEL_PUBLIC);
	assert_string_equal(access.member, "bank");
	assert_int_equal(access.time_us, 7);
}

static void
an_anonymised_answer_names_its_items_and_nobody(void **state)
{
	struct question asked = {.form = QUESTION_STATISTICS};
	struct permit permit = sample_permit();
	struct access access = {.member = "bank"};
	struct buf json = {0};
	size_t i;

	(void)state;
	for (i = 0; i < permit.item_count; i++)
		permit.items[i].shown = 0;
	permit.level = LEVEL_AGGREGATE;
	access_fill(&access, &asked, &permit);
	access_print(&access, &json);

	assert_int_equal(access.item_count, permit.item_count);
	assert_non_null(strstr(buf_cstr(&json), "\"subject\":null"));
	assert_non_null(strstr(buf_cstr(&json), "\"level\":\"A\""));
	buf_release(&json);
}

static void
it_is_printed_for_people(void **state)
{
	struct permit permit = sample_permit();
	struct access access = {.member = "91110000100000001W",
	    .action = "report",
	    .stream = "4401",
	    .position = 12,
	    .answer = {{0xcd}}};
	struct buf json = {0};

	(void)state;
	access_fill(&access, &question, &permit);
	access_print(&access, &json);

	assert_string_equal(buf_cstr(&json),
	    "{\"time\":\"1970-01-01T00:00:00Z\","
	    "\"member\":\"91110000100000001W\","
	    "\"subject\":\"91440101MA5CUY37JD\",\"purpose\":\"pre_loan\","
	    "\"action\":\"report\",\"items\":[1,3],\"consent\":\"c-1\","
	    "\"rule\":\"allowed\",\"consent_rule\":\"allowed\","
	    "\"authorised\":true,\"level\":\"public\",\"stream\":\"4401\","
	    "\"position\":12,"
	    "\"answer\":\"cd00000000000000000000000000000000000000000000000000"
	    "000000000000\"}");
	buf_release(&json);
}

static void
the_use_of_a_limited_consent_has_its_number(void **state)
{
	struct access access = {
	    .action = "report", .consent = "c-1", .use = {3, 0, 2}};
	struct buf json = {0};

	(void)state;
	access_print(&access, &json);

	assert_non_null(strstr(buf_cstr(&json),
	    "\"consent\":\"c-1\",\"use\":{\"number\":2,\"of\":3},"));
	buf_release(&json);
}

static void
it_says_where_else_it_was_asked(void **state)
{
	struct access access = {.action = "forward",
	    .via = "gz",
	    .vouch = {0xab},
	    .asked_count = 2,
	    .asked = {{.node = "sz", .vouch = {1}},
		{.node = "gd", .vouch = {2}, .answered = true, .index = 7}}};
	struct buf json = {0};

	(void)state;
	access_print(&access, &json);

	assert_non_null(strstr(buf_cstr(&json),
	    ",\"via\":\"gz\",\"vouch\":\"ab000000000000000000000000000000\","
	    "\"asked\":[{\"node\":\"sz\","
	    "\"vouch\":\"01000000000000000000000000000000\"},"
	    "{\"node\":\"gd\","
	    "\"vouch\":\"02000000000000000000000000000000\",\"index\":7,"
	    "\"leaf_hash\":\"00000000"));
	buf_release(&json);
}

static void
what_a_revocation_has_not_is_null(void **state)
{
	struct access access = {.action = "revocation",
	    .rule = PERMIT_MEMBER_UNKNOWN,
	    .consent_rule = PERMIT_MEMBER_UNKNOWN};
	struct buf json = {0};

	(void)state;
	access_print(&access, &json);

	assert_non_null(strstr(buf_cstr(&json),
	    "\"purpose\":null,\"action\":\"revocation\",\"items\":[],"
	    "\"consent\":null,\"rule\":\"member_unknown\""));
	buf_release(&json);
}

static void
the_commitment_hides_the_entry_behind_its_nonce(void **state)
{
	uint8_t nonce[ACCESS_NONCE_LEN] = "0123456789abcde";
	struct digest expected, made;

	(void)state;
	nonce[15] = 'f';
	expected = digest_of(span_of("0123456789abcdefentry"));
	made = access_commitment(nonce, span_of("entry"));
	assert_true(digest_equal(&expected, &made));
	nonce[0] = '1';
	made = access_commitment(nonce, span_of("entry"));
	assert_false(digest_equal(&expected, &made));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_names_the_items_of_which_anything_was_shown),
	    cmocka_unit_test(an_anonymised_answer_names_its_items_and_nobody),
	    cmocka_unit_test(it_is_printed_for_people),
	    cmocka_unit_test(the_use_of_a_limited_consent_has_its_number),
	    cmocka_unit_test(it_says_where_else_it_was_asked),
	    cmocka_unit_test(what_a_revocation_has_not_is_null),
	    cmocka_unit_test(the_commitment_hides_the_entry_behind_its_nonce),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
