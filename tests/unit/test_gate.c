/*
 * gate: so many connections, and so many of one address.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>

#include "wire/gate.h"

static uint64_t
place(const struct gate *gate, const char *text)
{
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
		return gate_place(gate, (struct sockaddr *)&four);
	assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
	return gate_place(gate, (struct sockaddr *)&six);
}

static void
an_address_has_so_many_and_the_gate_has_so_many(void **state)
{
	struct gate *gate = gate_new(3, 2);
	uint64_t one = place(gate, "10.0.0.1"), two = place(gate, "10.0.0.2");

	(void)state;
	assert_int_equal(gate_enter(gate, one), GATE_OPEN);
	assert_int_equal(gate_enter(gate, one), GATE_OPEN);
	assert_int_equal(gate_enter(gate, one), GATE_ADDRESS);
	assert_int_equal(gate_enter(gate, two), GATE_OPEN);
	assert_int_equal(gate_enter(gate, two), GATE_FULL);
	gate_leave(gate, one);
	assert_int_equal(gate_enter(gate, two), GATE_OPEN);
	assert_int_equal(gate_enter(gate, one), GATE_FULL);
	gate_leave(gate, two);
	gate_leave(gate, two);
	gate_leave(gate, one);
	assert_int_equal(gate_enter(gate, two), GATE_OPEN);
	assert_int_equal(gate_enter(gate, two), GATE_OPEN);
	gate_free(gate);
}

static void
zero_is_no_limit(void **state)
{
	struct gate *gate = gate_new(0, 0);
	unsigned i;

	(void)state;
	for (i = 0; i < 100000; i++)
		assert_int_equal(gate_enter(gate, 7), GATE_OPEN);
	gate_free(gate);
}

static void
what_belongs_to_one_host_is_one_address(void **state)
{
	struct gate *gate = gate_new(0, 0), *other = gate_new(0, 0);

	(void)state;
	assert_true(place(gate, "2001:db8::1") == place(gate, "2001:db8::2:3"));
	assert_true(place(gate, "2001:db8::1") != place(gate, "2001:db8:1::"));
	assert_true(place(gate, "::ffff:10.0.0.1") == place(gate, "10.0.0.1"));
	assert_true(place(gate, "10.0.0.2") != place(gate, "10.0.0.1"));
	assert_true(place(gate, "10.0.0.1") != place(other, "10.0.0.1"));
	gate_free(gate);
	gate_free(other);
}

static struct gate *busy;
static _Atomic int inside, most;

static void *
come_and_go(void *context)
{
	int now, seen, i;

	(void)context;
	for (i = 0; i < 50000; i++) {
		if (gate_enter(busy, 1) != GATE_OPEN)
			continue;
		now = atomic_fetch_add(&inside, 1) + 1;
		seen = atomic_load(&most);
		while (now > seen &&
		       !atomic_compare_exchange_weak(&most, &seen, now))
			;
		atomic_fetch_sub(&inside, 1);
		gate_leave(busy, 1);
	}
	return NULL;
}

static void
threads_together_are_never_more(void **state)
{
	pthread_t threads[4];
	size_t i;

	(void)state;
	busy = gate_new(2, 0);
	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, come_and_go, NULL);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_true(most >= 1 && most <= 2);
	assert_int_equal(gate_enter(busy, 1), GATE_OPEN);
	assert_int_equal(gate_enter(busy, 1), GATE_OPEN);
	assert_int_equal(gate_enter(busy, 1), GATE_FULL);
	gate_free(busy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_address_has_so_many_and_the_gate_has_so_many),
	    cmocka_unit_test(zero_is_no_limit),
	    cmocka_unit_test(what_belongs_to_one_host_is_one_address),
	    cmocka_unit_test(threads_together_are_never_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
