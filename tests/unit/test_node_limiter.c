/*
 * limiter: so many, and not one more, however many ask at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "node/distinct.h"
#include "node/limiter.h"

#define BANK "91440101MA000RX19U"
#define OTHER "91440300MA000RX27J"
#define DAY (24 * 3600 * CLOCK_SECOND)
/* 2026-11-23, noon, eight hours east of Greenwich. */
#define NOON INT64_C(1795406400000000)
#define THREADS 4

static const char *const nobody[] = {NULL};
static const char *const only_bank[] = {BANK, NULL};

static struct limit rules[] = {
    {.name = "quick",
	.members = nobody,
	.purposes = 1u << PURPOSE_IN_LOAN,
	.per_minute = 600,
	.burst = 5,
	.policy = "\"quick\";q=5;w=1"},
    {.name = "bank",
	.members = only_bank,
	.kinds = 1u << MEMBER_BANK,
	.per_day = 1000,
	.subjects_per_day = 300,
	.policy = "p"},
    {.name = "rest", .members = nobody, .per_day = 3, .policy = "p"},
};
static const struct limits limits = {rules, 3};

static struct {
	struct limiter *limiter;
	struct member bank;
	int64_t time_us, tick_us;
} it;

static int
set_up(void **state)
{
	(void)state;
	it.limiter = limiter_new();
	it.bank.kind = MEMBER_BANK;
	it.time_us = NOON;
	it.tick_us = 1000 * CLOCK_SECOND;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	limiter_free(it.limiter);
	return 0;
}

static struct allowance
take(const char *code, enum purpose purpose, const char *subject)
{
	struct ask ask = {
	    &limits, code, &it.bank, purpose, subject, it.time_us, it.tick_us};
	struct allowance allowance;

	limiter_take(it.limiter, &ask, &allowance);
	return allowance;
}

static void
a_burst_passes_and_then_the_pace(void **state)
{
	struct allowance got;
	int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		got = take(BANK, PURPOSE_IN_LOAN, "");
		assert_int_equal(got.verdict, PERMIT_ALLOWED);
		assert_int_equal(got.left[ALLOWANCE_RATE], 4 - i);
	}
	got = take(BANK, PURPOSE_IN_LOAN, "");
	assert_int_equal(got.verdict, PERMIT_RATE);
	assert_int_equal(got.retry_s, 1);

	it.tick_us += 99999;
	assert_int_equal(take(BANK, PURPOSE_IN_LOAN, "").verdict, PERMIT_RATE);
	it.tick_us += 1;
	assert_int_equal(
	    take(BANK, PURPOSE_IN_LOAN, "").verdict, PERMIT_ALLOWED);
	assert_int_equal(take(BANK, PURPOSE_IN_LOAN, "").verdict, PERMIT_RATE);
}

static void
a_bucket_never_holds_more_than_its_burst(void **state)
{
	int i, passed = 0;

	(void)state;
	take(BANK, PURPOSE_IN_LOAN, "");
	it.tick_us += 3600 * CLOCK_SECOND;
	for (i = 0; i < 20; i++)
		passed +=
		    take(BANK, PURPOSE_IN_LOAN, "").verdict == PERMIT_ALLOWED;
	assert_int_equal(passed, 5);
}

static void
each_member_has_a_count_of_its_own_and_midnight_empties_it(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_int_equal(
		    take(OTHER, PURPOSE_PRE_LOAN, "").verdict, PERMIT_ALLOWED);
	assert_int_equal(
	    take(OTHER, PURPOSE_PRE_LOAN, "").verdict, PERMIT_QUOTA);
	assert_int_equal(take(OTHER, PURPOSE_PRE_LOAN, "").retry_s, 43201);
	assert_int_equal(
	    take("another", PURPOSE_PRE_LOAN, "").verdict, PERMIT_ALLOWED);

	it.time_us += DAY / 2;
	assert_int_equal(
	    take(OTHER, PURPOSE_PRE_LOAN, "").verdict, PERMIT_ALLOWED);
	/* A clock that goes back opens no day again. */
	it.time_us -= DAY / 2;
	take(OTHER, PURPOSE_PRE_LOAN, "");
	take(OTHER, PURPOSE_PRE_LOAN, "");
	assert_int_equal(
	    take(OTHER, PURPOSE_PRE_LOAN, "").verdict, PERMIT_QUOTA);
}

static const char *
subject(unsigned number)
{
	static _Thread_local char text[USCC_LEN + 1];

	snprintf(text, sizeof(text), "9144%014u", number);
	return text;
}

static void
a_subject_counts_once_a_day(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < 300; i++) {
		assert_int_equal(
		    take(BANK, PURPOSE_PRE_LOAN, subject(i)).verdict,
		    PERMIT_ALLOWED);
		assert_int_equal(
		    take(BANK, PURPOSE_PRE_LOAN, subject(i / 2)).verdict,
		    PERMIT_ALLOWED);
	}
	assert_int_equal(take(BANK, PURPOSE_PRE_LOAN, subject(300)).verdict,
	    PERMIT_SUBJECTS);
	assert_int_equal(
	    take(BANK, PURPOSE_PRE_LOAN, subject(7)).verdict, PERMIT_ALLOWED);
	it.time_us += DAY;
	assert_int_equal(
	    take(BANK, PURPOSE_PRE_LOAN, subject(300)).verdict, PERMIT_ALLOWED);
}

static _Atomic unsigned passed, refused;

static void *
ask_all(void *context)
{
	unsigned i;
	struct allowance got;

	(void)context;
	for (i = 0; i < 1000; i++) {
		got = take(BANK, PURPOSE_PRE_LOAN, subject(i % 250));
		atomic_fetch_add(
		    got.verdict == PERMIT_ALLOWED ? &passed : &refused, 1);
	}
	return NULL;
}

static void
threads_together_get_exactly_what_the_rule_allows(void **state)
{
	pthread_t threads[THREADS];
	unsigned i;

	(void)state;
	passed = refused = 0;
	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, ask_all, NULL);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(passed, 1000);
	assert_int_equal(refused, THREADS * 1000 - 1000);
}

static struct distinct crowd;

static void *
add_all(void *context)
{
	unsigned i;

	(void)context;
	for (i = 1; i <= 20000; i++)
		assert_true(distinct_add(
		    &crowd, 9, i * UINT64_C(0x9E3779B97F4A7C15), 0));
	return NULL;
}

static void
what_threads_add_at_once_is_counted_once(void **state)
{
	pthread_t threads[THREADS];
	unsigned i;

	(void)state;
	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, add_all, NULL);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(day_count_get(&crowd.count, 9), 20000);
	assert_int_equal(day_count_get(&crowd.count, 10), 0);
	assert_true(distinct_add(&crowd, 10, 1, 1));
	assert_false(distinct_add(&crowd, 10, 2, 1));
	distinct_release(&crowd);
}

static void
what_the_trail_tells_counts_as_if_it_had_been_asked(void **state)
{
	struct access access = {
	    .time_us = NOON, .member = BANK, .purpose = PURPOSE_PRE_LOAN};
	unsigned i;

	(void)state;
	for (i = 0; i < 299; i++) {
		snprintf(
		    access.subject, sizeof(access.subject), "%s", subject(i));
		limiter_recall(it.limiter, &limits, &it.bank, &access);
	}
	access.rule = PERMIT_QUOTA;
	for (i = 0; i < 2000; i++)
		limiter_recall(it.limiter, &limits, &it.bank, &access);
	access.rule = PERMIT_SUBJECTS;
	snprintf(access.subject, sizeof(access.subject), "%s", subject(999));
	limiter_recall(it.limiter, &limits, &it.bank, &access);

	assert_int_equal(
	    take(BANK, PURPOSE_PRE_LOAN, subject(500)).left[ALLOWANCE_DAY],
	    1000 - 301);
	assert_int_equal(take(BANK, PURPOSE_PRE_LOAN, subject(999)).verdict,
	    PERMIT_SUBJECTS);
}

static void
header_values_are_structured_fields(void **state)
{
	struct allowance got = take(BANK, PURPOSE_PRE_LOAN, subject(1));
	char text[ALLOWANCE_TEXT_MAX];

	(void)state;
	assert_true(allowance_print(&got, text, sizeof(text)));
	assert_string_equal(text,
	    "\"bank-day\";r=999;t=43201, \"bank-subjects\";r=299;t=43201");
	got = (struct allowance){0};
	assert_false(allowance_print(&got, text, sizeof(text)));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(a_burst_passes_and_then_the_pace),
	    TEST(a_bucket_never_holds_more_than_its_burst),
	    TEST(each_member_has_a_count_of_its_own_and_midnight_empties_it),
	    TEST(a_subject_counts_once_a_day),
	    TEST(threads_together_get_exactly_what_the_rule_allows),
	    TEST(what_threads_add_at_once_is_counted_once),
	    TEST(what_the_trail_tells_counts_as_if_it_had_been_asked),
	    TEST(header_values_are_structured_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
