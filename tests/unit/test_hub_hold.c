/*
 * hold: which batches wait; retention: which day is past.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/clock.h"
#include "hub/hold.h"
#include "hub/retention.h"

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

static void
days_are_those_of_the_network(void **state)
{
	char day[16];
	int64_t late;

	(void)state;
	assert_int_equal(
	    clock_parse(span_of("2026-11-22T16:00:00Z"), &late), ERR_OK);
	assert_string_equal(retention_cutoff(late, 5, day), "2021-11-23");
	assert_string_equal(retention_cutoff(late - 1, 5, day), "2021-11-22");
}

static void
a_leap_day_is_past_when_february_ends(void **state)
{
	char day[16];
	int64_t leap;

	(void)state;
	assert_int_equal(
	    clock_parse(span_of("2028-02-29T00:00:00Z"), &leap), ERR_OK);
	/* No such day in 2023: as text it stands behind the 28th. */
	assert_string_equal(retention_cutoff(leap, 5, day), "2023-02-29");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(exactly_the_share_of_a_set_may_be_withdrawn),
	    cmocka_unit_test(rejects_hold_a_batch_from_a_hundred_rows_on),
	    cmocka_unit_test(the_receipt_is_told_the_share),
	    cmocka_unit_test(days_are_those_of_the_network),
	    cmocka_unit_test(a_leap_day_is_past_when_february_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
