/*
 * shared: objects that are swapped while they are read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/shared.h"

static int released;

static void
release(void *object)
{
	released++;
	mem_free(object);
}

static void
an_empty_place_answers_null(void **state)
{
	struct shared *shared = shared_new(release);

	(void)state;
	assert_null(shared_hold(shared));
	shared_drop(shared, NULL);

	shared_free(shared);
}

static void
an_object_lives_until_its_last_reader_lets_go(void **state)
{
	struct shared *shared = shared_new(release);
	const void *first, *again;

	(void)state;
	released = 0;
	shared_swap(shared, mem_new(1));
	first = shared_hold(shared);
	again = shared_hold(shared);

	shared_swap(shared, mem_new(1));

	assert_ptr_not_equal(first, shared_hold(shared));
	shared_drop(shared, first);
	assert_int_equal(released, 0);
	shared_drop(shared, again);
	assert_int_equal(released, 1);

	again = shared_hold(shared);
	shared_drop(shared, again);
	shared_drop(shared, again);
	shared_free(shared);
	assert_int_equal(released, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_place_answers_null),
	    cmocka_unit_test(an_object_lives_until_its_last_reader_lets_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
