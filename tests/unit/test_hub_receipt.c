/*
 * receipt: batch ids and the text of receipts.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "hub/receipt.h"

static void
a_batch_id_is_printable_ascii_without_space(void **state)
{
	(void)state;
	assert_true(receipt_id_is_valid("2026-03/tax:0001"));
	assert_false(receipt_id_is_valid(""));
	assert_false(receipt_id_is_valid("a b"));
	assert_false(receipt_id_is_valid("a\tb"));
	assert_false(receipt_id_is_valid("批次"));
}

static void
a_batch_id_has_at_most_128_characters(void **state)
{
	char id[RECEIPT_ID_MAX + 2];

	(void)state;
	memset(id, 'x', sizeof(id));
	id[RECEIPT_ID_MAX + 1] = '\0';
	assert_false(receipt_id_is_valid(id));
	id[RECEIPT_ID_MAX] = '\0';
	assert_true(receipt_id_is_valid(id));
}

static void
a_receipt_is_whole_when_every_row_was_counted_once(void **state)
{
	struct receipt receipt = {
	    .rows = 90, .accepted = 87, .unchanged = 1, .rejected = 2};

	(void)state;
	assert_true(receipt_is_whole(&receipt));
	receipt.unchanged = 0;
	assert_false(receipt_is_whole(&receipt));
	receipt.unchanged = 2;
	assert_false(receipt_is_whole(&receipt));
}

static void
a_receipt_prints_as_the_protocol_says(void **state)
{
	const struct changelog_range ranges[] = {
	    {"1101", 1, 86}, {"4401", 7, 7}};
	struct receipt receipt = {.item = 1,
	    .id = "b\"1",
	    .rows = 90,
	    .accepted = 87,
	    .unchanged = 1,
	    .rejected = 2,
	    .warned = 3,
	    .ranges = ranges,
	    .range_count = 2};
	struct buf out = {0};

	(void)state;
	receipt_print(&receipt, &out);

	assert_string_equal(buf_cstr(&out),
	    "{\"batch\":\"b\\\"1\",\"item\":1,\"state\":\"committed\","
	    "\"rows\":90,\"accepted\":87,\"unchanged\":1,\"rejected\":2,"
	    "\"warned\":3,\"streams\":["
	    "{\"stream\":\"1101\",\"first\":1,\"last\":86},"
	    "{\"stream\":\"4401\",\"first\":7,\"last\":7}]}");
	buf_release(&out);
}

static void
a_receipt_without_changes_has_no_streams(void **state)
{
	struct receipt receipt = {.item = 37, .id = "x"};
	struct buf out = {0};

	(void)state;
	receipt_print(&receipt, &out);

	assert_non_null(strstr(buf_cstr(&out), "\"streams\":[]}"));
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_batch_id_is_printable_ascii_without_space),
	    cmocka_unit_test(a_batch_id_has_at_most_128_characters),
	    cmocka_unit_test(
		a_receipt_is_whole_when_every_row_was_counted_once),
	    cmocka_unit_test(a_receipt_prints_as_the_protocol_says),
	    cmocka_unit_test(a_receipt_without_changes_has_no_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
