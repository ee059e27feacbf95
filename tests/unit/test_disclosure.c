/*
 * disclosure: a subject's wish to be told who saw its data.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "credit/disclosure.h"

#define NOW INT64_C(1800000000000000)
#define SUBJECT "91440101MA5CUY37JD"

static const struct disclosure sample = {.subject = SUBJECT,
    .node = "11440100MB0044011H",
    .from = 8,
    .limit = 3,
    .time_us = NOW};

static void
printed_and_parsed_again_it_is_the_same(void **state)
{
	struct disclosure first = sample, again;
	struct buf text = {0};

	(void)state;
	disclosure_print(&sample, &text);
	assert_non_null(strstr(buf_cstr(&text), "\"after\":7,"));
	assert_int_equal(
	    disclosure_parse(buf_span(&text), &again, NULL), ERR_OK);
	assert_memory_equal(&again, &sample, sizeof(again));

	first.from = 0;
	buf_reset(&text);
	disclosure_print(&first, &text);
	assert_null(strstr(buf_cstr(&text), "after"));
	assert_int_equal(
	    disclosure_parse(buf_span(&text), &again, NULL), ERR_OK);
	assert_memory_equal(&again, &first, sizeof(again));
	buf_release(&text);
}

static void
after_and_limit_may_be_missing_and_nothing_else(void **state)
{
	static const char *const wrong[] = {"", "[]", "{}",
	    "{\"subject\":\"" SUBJECT "\",\"time\":\"2026-01-02T03:04:05Z\"}",
	    "{\"subject\":\"" SUBJECT "\",\"node\":\"all\"}",
	    "{\"node\":\"all\",\"time\":\"2026-01-02T03:04:05Z\"}",
	    "{\"subject\":\"91440101MA5CUY37JX\",\"node\":\"all\",\"time\":"
	    "\"2026-01-02T03:04:05Z\"}",
	    "{\"subject\":\"" SUBJECT "\",\"node\":\"a b\",\"time\":"
	    "\"2026-01-02T03:04:05Z\"}",
	    "{\"subject\":\"" SUBJECT "\",\"node\":\"all\",\"after\":-1,"
	    "\"time\":\"2026-01-02T03:04:05Z\"}",
	    "{\"subject\":\"" SUBJECT "\",\"node\":\"all\",\"after\":"
	    "9223372036854775807,\"time\":\"2026-01-02T03:04:05Z\"}",
	    "{\"subject\":\"" SUBJECT "\",\"node\":\"all\",\"limit\":0,"
	    "\"time\":\"2026-01-02T03:04:05Z\"}",
	    "{\"subject\":\"" SUBJECT "\",\"node\":\"all\",\"limit\":501,"
	    "\"time\":\"2026-01-02T03:04:05Z\"}",
	    "{\"subject\":\"" SUBJECT "\",\"node\":\"all\",\"more\":1,"
	    "\"time\":\"2026-01-02T03:04:05Z\"}"};
	struct disclosure read;
	size_t i;

	(void)state;
	assert_int_equal(
	    disclosure_parse(
		span_of("{\"subject\":\"" SUBJECT "\",\"node\":\"all\","
			"\"time\":\"2026-01-02T03:04:05Z\"}"),
		&read, NULL),
	    ERR_OK);
	assert_int_equal(read.from, 0);
	assert_int_equal(read.limit, DISCLOSURE_LIMIT);
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(
		    disclosure_parse(span_of(wrong[i]), &read, NULL),
		    ERR_INVALID);
}

static void
it_is_its_subjects_and_for_a_minute(void **state)
{
	(void)state;
	assert_true(disclosure_holds(&sample, SUBJECT, NOW));
	assert_false(disclosure_holds(&sample, "91440300MA000RX27J", NOW));
	assert_true(
	    disclosure_holds(&sample, SUBJECT, NOW + DISCLOSURE_AGE_US));
	assert_false(
	    disclosure_holds(&sample, SUBJECT, NOW + DISCLOSURE_AGE_US + 1));
	assert_true(
	    disclosure_holds(&sample, SUBJECT, NOW - DISCLOSURE_AGE_US));
	assert_false(
	    disclosure_holds(&sample, SUBJECT, NOW - DISCLOSURE_AGE_US - 1));
}

static void
it_is_for_one_node_or_for_all(void **state)
{
	struct disclosure all = {.node = DISCLOSURE_ALL};

	(void)state;
	assert_true(disclosure_is_for(&all, "x"));
	assert_true(disclosure_is_for(&sample, sample.node));
	assert_false(disclosure_is_for(&sample, "x"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(printed_and_parsed_again_it_is_the_same),
	    cmocka_unit_test(after_and_limit_may_be_missing_and_nothing_else),
	    cmocka_unit_test(it_is_its_subjects_and_for_a_minute),
	    cmocka_unit_test(it_is_for_one_node_or_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
