/*
 * noise: the same for the same, and distributed as it says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "credit/noise.h"

#define DRAWS 40000

static struct noise
noise_of(unsigned number)
{
	struct noise noise;
	char context[16];

	snprintf(context, sizeof(context), "%u", number);
	noise_init(&noise, span_of("a key"), span_of(context));
	return noise;
}

static void
the_same_context_gives_the_same_noise(void **state)
{
	struct noise first = noise_of(1), again = noise_of(1);

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(noise_laplace(&first, 5, 100),
		    noise_laplace(&again, 5, 100));
}

static void
another_key_or_context_gives_other_noise(void **state)
{
	struct noise first = noise_of(1), second = noise_of(2), third;
	int same = 0;

	(void)state;
	noise_init(&third, span_of("another"), span_of("1"));
	for (int i = 0; i < 100; i++) {
		int64_t one = noise_laplace(&first, 1000, 100);

		same += one == noise_laplace(&second, 1000, 100);
		same += one == noise_laplace(&third, 1000, 100);
	}
	assert_true(same < 5);
}

/* Seeds are fixed, so that these hold or never did; margins are six standard
 * errors. */
static void
noise_is_as_wide_as_epsilon_says(void **state)
{
	const double p = exp(-0.25);
	double mean = 0, squares = 0, zeros = 0, variance;
	double expected = 2 * p / ((1 - p) * (1 - p));

	(void)state;
	for (unsigned i = 0; i < DRAWS; i++) {
		struct noise noise = noise_of(i);
		double x = (double)noise_laplace(&noise, 1, 250);

		mean += x / DRAWS;
		squares += x * x / DRAWS;
		zeros += (x == 0) / (double)DRAWS;
	}
	variance = squares - mean * mean;
	assert_true(fabs(mean) < 6 * sqrt(expected / DRAWS));
	assert_true(fabs(variance / expected - 1) < 6 * sqrt(5.0 / DRAWS));
	assert_true(fabs(zeros - (1 - p) / (1 + p)) <
		    6 * sqrt(zeros * (1 - zeros) / DRAWS));
}

static void
neighbours_are_as_likely_as_epsilon_says(void **state)
{
	double seen[3] = {0};

	(void)state;
	for (unsigned i = 0; i < DRAWS; i++) {
		struct noise noise = noise_of(i);
		int64_t x = llabs(noise_laplace(&noise, 1, 1000));

		if (x < 3)
			seen[x]++;
	}
	seen[0] *= 2; /* both signs */
	assert_true(fabs(seen[1] / seen[0] - exp(-1)) < 0.03);
	assert_true(fabs(seen[2] / seen[1] - exp(-1)) < 0.03);
}

static void
much_epsilon_is_no_noise(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		struct noise noise = noise_of(i);

		assert_int_equal(noise_laplace(&noise, 1, 100000000), 0);
	}
}

static void
large_sums_have_large_noise_that_does_not_overflow(void **state)
{
	int64_t widest = 0;

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		struct noise noise = noise_of(i);
		int64_t x =
		    llabs(noise_laplace(&noise, NOISE_SENSITIVITY_MAX, 1));

		widest = x > widest ? x : widest;
	}
	assert_true(widest > INT64_C(4000000000000000));
	assert_true(widest < INT64_C(30000000000000000));
}

static void
chances_are_what_they_say(void **state)
{
	static const uint64_t cases[][2] = {{0, 1}, {1, 2}, {1, 1}, {5, 2}};
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		double want = exp(-(double)cases[i][0] / (double)cases[i][1]);
		double seen = 0;

		for (unsigned j = 0; j < DRAWS; j++) {
			struct noise noise = noise_of(j);

			seen += noise_chance(&noise, cases[i][0], cases[i][1]);
		}
		assert_true(fabs(seen / DRAWS - want) < 0.015);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_same_context_gives_the_same_noise),
	    cmocka_unit_test(another_key_or_context_gives_other_noise),
	    cmocka_unit_test(noise_is_as_wide_as_epsilon_says),
	    cmocka_unit_test(neighbours_are_as_likely_as_epsilon_says),
	    cmocka_unit_test(much_epsilon_is_no_noise),
	    cmocka_unit_test(
		large_sums_have_large_noise_that_does_not_overflow),
	    cmocka_unit_test(chances_are_what_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
