/*
 * hold: which batches wait.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "hub/hold.h"

static const struct hold_limits limits = {
    .folder = "", .withdraw_share = 10, .reject_share = 20};

static const char *
reason(uint64_t rows, uint64_t rejected, uint64_t withdrawn, uint64_t set)
{
	struct receipt receipt = {
	    .rows = rows, .rejected = rejected, .withdrawn = withdrawn};

	return hold_reason(&limits, set, &receipt);
}

static void
exactly_the_share_of_a_set_may_be_withdrawn(void **state)
{
	(void)state;
	assert_null(reason(90, 0, 10, 100));
	assert_string_equal(reason(89, 0, 11, 100), "withdraw_share");
	assert_string_equal(reason(0, 0, 3, 3), "withdraw_share");
	assert_null(reason(0, 0, 0, 0));
}

static void
rejects_hold_a_batch_from_a_hundred_rows_on(void **state)
{
	(void)state;
	assert_null(reason(99, 99, 0, 0));
	assert_null(reason(100, 20, 0, 0));
	assert_string_equal(reason(100, 21, 0, 0), "reject_share");
}

static void
the_receipt_is_told_the_share(void **state)
{
	struct receipt receipt = {.rows = 300, .rejected = 100};

	(void)state;
	(void)hold_reason(&limits, 0, &receipt);
	assert_int_equal(receipt.share, 33);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(exactly_the_share_of_a_set_may_be_withdrawn),
	    cmocka_unit_test(rejects_hold_a_batch_from_a_hundred_rows_on),
	    cmocka_unit_test(the_receipt_is_told_the_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
