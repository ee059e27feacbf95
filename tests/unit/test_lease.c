/*
 * lease: what counts as fresh, and what cannot prolong it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "credit/lease.h"

#define HUB INT64_C(1800000000000000)
#define TERM (60 * CLOCK_SECOND)

static struct lease
renewed(void)
{
	struct lease lease = {.term_us = TERM};

	lease_renew(&lease, HUB, 1000, 5);
	return lease;
}

static void
without_a_pulse_nothing_is_fresh_and_no_time_is_known(void **state)
{
	struct lease lease = {.term_us = TERM};

	(void)state;
	assert_false(lease_is_fresh(&lease, 0, 9));
	assert_int_equal(lease_hub_time(&lease, 1000), 0);
}

static void
it_is_fresh_for_exactly_its_term(void **state)
{
	struct lease lease = renewed();

	(void)state;
	assert_true(lease_is_fresh(&lease, 1000, 5));
	assert_true(lease_is_fresh(&lease, 1000 + TERM, 5));
	assert_false(lease_is_fresh(&lease, 1001 + TERM, 5));
}

static void
a_node_behind_the_control_stream_is_not_fresh(void **state)
{
	struct lease lease = renewed();

	(void)state;
	assert_false(lease_is_fresh(&lease, 1000, 4));
	assert_true(lease_is_fresh(&lease, 1000, 6));
}

static void
hub_time_is_carried_forward_by_our_own_clock(void **state)
{
	struct lease lease = renewed();

	(void)state;
	assert_true(lease_hub_time(&lease, 1000 + 7 * CLOCK_SECOND) ==
		    HUB + 7 * CLOCK_SECOND);
	assert_true(lease_hub_time(&lease, 0) == HUB);
}

static void
a_repeated_or_older_pulse_changes_nothing(void **state)
{
	struct lease lease = renewed();

	(void)state;
	lease_renew(&lease, HUB, 1000 + TERM, 5);
	lease_renew(&lease, HUB - 1, 1000 + TERM, 0);

	assert_false(lease_is_fresh(&lease, 1001 + TERM, 5));
	assert_true(lease.control_position == 5);
}

static void
a_newer_pulse_renews_and_raises_the_position_to_reach(void **state)
{
	struct lease lease = renewed();

	(void)state;
	lease_renew(&lease, HUB + TERM, 1000 + TERM, 6);

	assert_true(lease_is_fresh(&lease, 1000 + 2 * TERM, 6));
	assert_false(lease_is_fresh(&lease, 1000 + TERM, 5));
}

static void
pulses_that_a_relay_holds_back_do_not_prolong(void **state)
{
	struct lease lease = renewed();
	int64_t second = CLOCK_SECOND, tick;
	int i;

	(void)state;
	/* From now on each pulse comes 100 s late. */
	for (i = 1; i < 600; i++) {
		tick = 1000 + (i + 100) * second;
		lease_renew(&lease, HUB + i * second, tick, 5);
		assert_false(lease_is_fresh(&lease, tick, 5));
	}
}

static void
an_on_time_pulse_after_a_late_one_is_fresh_at_once(void **state)
{
	struct lease lease = renewed();
	int64_t second = CLOCK_SECOND, tick = 1000 + 200 * second;

	(void)state;
	lease_renew(&lease, HUB + 100 * second, tick, 5);
	assert_false(lease_is_fresh(&lease, tick, 5));

	lease_renew(&lease, HUB + 200 * second, tick, 5);
	assert_true(lease_is_fresh(&lease, tick + TERM, 5));
}

static void
a_hub_clock_that_runs_slow_does_not_make_it_stale(void **state)
{
	struct lease lease = renewed();
	int64_t second = CLOCK_SECOND, tick = 0, slow;
	int64_t i;

	(void)state;
	/* 100 parts per million, for eleven days of pulses. */
	for (i = 1; i < 1000000; i++) {
		tick = 1000 + i * second;
		slow = HUB + i * (second - second / 10000);
		lease_renew(&lease, slow, tick, 5);
	}
	assert_true(lease_is_fresh(&lease, tick + TERM - second, 5));
}

static void
the_first_counts_from_when_it_was_signed(void **state)
{
	struct lease lease = renewed();

	(void)state;
	lease_set_older(&lease, 40 * CLOCK_SECOND);

	assert_true(lease_is_fresh(&lease, 1000 + 20 * CLOCK_SECOND, 5));
	assert_false(lease_is_fresh(&lease, 1001 + 20 * CLOCK_SECOND, 5));
	assert_true(lease_age_us(&lease, 1000) == 40 * CLOCK_SECOND);
}

static void
the_hub_s_time_is_that_much_later_within_the_term(void **state)
{
	struct lease lease = renewed();

	(void)state;
	lease_set_older(&lease, CLOCK_SECOND);
	assert_true(lease_hub_time(&lease, 1002) == HUB + CLOCK_SECOND + 2);

	lease_set_older(&lease, TERM + 1);
	assert_true(lease_hub_time(&lease, 1002) == HUB + 2);
}

static void
our_own_clock_counts_until_the_second_and_never_prolongs(void **state)
{
	struct lease lease = renewed();

	(void)state;
	lease_set_older(&lease, -40 * CLOCK_SECOND);
	assert_false(lease_is_fresh(&lease, 1001 + TERM, 5));

	lease_set_older(&lease, 40 * CLOCK_SECOND);
	lease_renew(&lease, HUB + CLOCK_SECOND, 1000 + CLOCK_SECOND, 5);

	assert_true(lease_is_fresh(&lease, 1000 + CLOCK_SECOND + TERM, 5));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		without_a_pulse_nothing_is_fresh_and_no_time_is_known),
	    cmocka_unit_test(it_is_fresh_for_exactly_its_term),
	    cmocka_unit_test(a_node_behind_the_control_stream_is_not_fresh),
	    cmocka_unit_test(hub_time_is_carried_forward_by_our_own_clock),
	    cmocka_unit_test(a_repeated_or_older_pulse_changes_nothing),
	    cmocka_unit_test(
		a_newer_pulse_renews_and_raises_the_position_to_reach),
	    cmocka_unit_test(pulses_that_a_relay_holds_back_do_not_prolong),
	    cmocka_unit_test(
		an_on_time_pulse_after_a_late_one_is_fresh_at_once),
	    cmocka_unit_test(the_first_counts_from_when_it_was_signed),
	    cmocka_unit_test(the_hub_s_time_is_that_much_later_within_the_term),
	    cmocka_unit_test(
		our_own_clock_counts_until_the_second_and_never_prolongs),
	    cmocka_unit_test(a_hub_clock_that_runs_slow_does_not_make_it_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
