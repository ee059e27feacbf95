/*
 * holder_answer: what another node said, before it is passed on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/holder_answer.h"

#define SUBJECT "91440101MA5CUY37JD"
#define LEAF "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define RECEIPT "\"receipt\":{\"index\":7,\"leaf_hash\":\"" LEAF "\"}"
#define REPORT "{\"subject\":\"" SUBJECT "\"," RECEIPT "}"
#define PROBLEM(type) "{\"type\":\"urn:rongxin:problem:" type "\"," RECEIPT "}"

static enum holder_end
judge(int status, const char *type, const char *body)
{
	struct https_answer answer = {
	    .status = status, .content_type = type, .body = span_of(body)};
	struct access_asked asked = {0};
	const char *fault;
	enum holder_end end = holder_judge(&answer, SUBJECT, &asked, &fault);

	if (end == HOLDER_ANSWERED || end == HOLDER_NOT_HELD) {
		assert_true(asked.answered);
		assert_int_equal(asked.index, 7);
		assert_int_equal(asked.leaf.bytes[31], 0x1f);
		assert_int_not_equal(
		    answer.body.ptr[answer.body.len - 1], '\n');
	}
	assert_int_equal(end == HOLDER_FAILED, fault != NULL);
	return end;
}

static enum holder_end
judge_report(const char *body)
{
	return judge(200, "application/json", body);
}

static enum holder_end
judge_problem(int status, const char *body)
{
	return judge(status, "application/problem+json", body);
}

static void
the_items_with_records_are_read_from_a_report(void **state)
{
	uint32_t items[QUESTION_ITEMS_MAX];

	(void)state;
	assert_int_equal(
	    holder_items(span_of("{\"items\":[{\"item\":1,\"records\":[{}]},"
				 "{\"item\":2,\"records\":[]},"
				 "{\"item\":-3,\"records\":[{}]},"
				 "{\"item\":11,\"records\":[{},{}]},7]"),
		items),
	    2);
	assert_int_equal(items[0], 1);
	assert_int_equal(items[1], 11);
	assert_int_equal(holder_items(span_of("{\"items\":7"), items), 0);
	assert_int_equal(holder_items(span_of("nothing"), items), 0);
}

static void
a_report_and_a_refusal_are_answers(void **state)
{
	(void)state;
	assert_int_equal(judge_report(REPORT), HOLDER_ANSWERED);
	assert_int_equal(judge_report(REPORT " \r\n"), HOLDER_ANSWERED);
	assert_int_equal(
	    judge_problem(403, PROBLEM("purpose")), HOLDER_ANSWERED);
	assert_int_equal(
	    judge_problem(429, PROBLEM("rate_exceeded")), HOLDER_ANSWERED);
	assert_int_equal(
	    judge_problem(404, PROBLEM("item_unknown")), HOLDER_ANSWERED);
}

static void
who_does_not_hold_it_may_be_followed_by_another(void **state)
{
	(void)state;
	assert_int_equal(
	    judge_problem(404, PROBLEM("subject_not_held")), HOLDER_NOT_HELD);
	assert_int_equal(
	    judge_problem(404, PROBLEM("item_not_here")), HOLDER_NOT_HELD);
	assert_int_equal(judge_problem(503, "{}"), HOLDER_AWAY);
}

static void
what_is_no_answer_to_this_question_has_failed(void **state)
{
	(void)state;
	assert_int_equal(judge(200, "text/html", REPORT), HOLDER_FAILED);
	assert_int_equal(judge_report(""), HOLDER_FAILED);
	assert_int_equal(judge_report("[]"), HOLDER_FAILED);
	assert_int_equal(
	    judge_report("{\"subject\":\"" SUBJECT "\"}"), HOLDER_FAILED);
	assert_int_equal(
	    judge_report("{\"subject\":\"x\"," RECEIPT "}"), HOLDER_FAILED);
	assert_int_equal(judge_report("{\"elsewhere\":1,\"subject\":\"" SUBJECT
				      "\"," RECEIPT "}"),
	    HOLDER_FAILED);
	assert_int_equal(
	    judge(403, "application/json", PROBLEM("purpose")), HOLDER_FAILED);
	assert_int_equal(judge_problem(403, PROBLEM("vouch")), HOLDER_FAILED);
	assert_int_equal(judge_problem(500, PROBLEM("purpose")), HOLDER_FAILED);
	assert_int_equal(judge_problem(302, ""), HOLDER_FAILED);
}

static void
without_an_answer_it_is_away_or_has_failed(void **state)
{
	static const struct {
		enum err err;
		enum holder_end end;
	} cases[] = {{ERR_NETWORK, HOLDER_AWAY}, {ERR_CLOSED, HOLDER_AWAY},
	    {ERR_LIMIT, HOLDER_FAILED}, {ERR_DENIED, HOLDER_FAILED}};
	struct access_asked asked = {0};
	const char *fault;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct https_answer answer = {
		    .err = cases[i].err, .content_type = ""};

		assert_int_equal(holder_judge(&answer, SUBJECT, &asked, &fault),
		    cases[i].end);
		assert_false(asked.answered);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_items_with_records_are_read_from_a_report),
	    cmocka_unit_test(a_report_and_a_refusal_are_answers),
	    cmocka_unit_test(who_does_not_hold_it_may_be_followed_by_another),
	    cmocka_unit_test(what_is_no_answer_to_this_question_has_failed),
	    cmocka_unit_test(without_an_answer_it_is_away_or_has_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
