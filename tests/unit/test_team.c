/*
 * team: what is given comes back done, in order, whoever did it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "base/team.h"

struct task {
	int number;
	int done;
	pthread_t by;
};

static void
do_task(void *context, void *job)
{
	struct task *task = job;

	atomic_fetch_add((_Atomic int *)context, 1);
	task->done = task->number * 2;
	task->by = pthread_self();
}

static void
give_and_take_all(size_t threads)
{
	_Atomic int count = 0;
	struct team *team = team_new("test", threads, do_task, &count);
	struct task tasks[500] = {{0}}, *taken;
	int given, i;

	for (i = 0, given = 0; i < 500; i++) {
		for (; given < 500 && given < i + 7; given++) {
			tasks[given].number = given;
			team_give(team, &tasks[given]);
		}
		taken = team_take(team);
		assert_ptr_equal(taken, &tasks[i]);
		assert_int_equal(taken->done, 2 * i);
	}

	assert_null(team_take(team));
	assert_int_equal(count, 500);
	team_free(team);
}

static void
all_comes_back_done_once_and_in_order(void **state)
{
	(void)state;
	give_and_take_all(3);
	give_and_take_all(1);
}

static void
without_threads_the_taker_does_it(void **state)
{
	_Atomic int count = 0;
	struct team *team = team_new("test", 0, do_task, &count);
	struct task task = {.number = 4};

	(void)state;
	give_and_take_all(0);
	team_give(team, &task);
	assert_int_equal(count, 0);
	assert_ptr_equal(team_take(team), &task);
	assert_true(pthread_equal(task.by, pthread_self()));
	team_free(team);
}

static void
a_team_begins_before_it_is_waited_for(void **state)
{
	_Atomic int count = 0;
	struct team *team = team_new("test", 1, do_task, &count);
	struct task task = {.number = 1};

	(void)state;
	team_give(team, &task);
	while (atomic_load(&count) == 0)
		continue;
	assert_ptr_equal(team_take(team), &task);
	assert_false(pthread_equal(task.by, pthread_self()));
	team_free(team);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_comes_back_done_once_and_in_order),
	    cmocka_unit_test(without_threads_the_taker_does_it),
	    cmocka_unit_test(a_team_begins_before_it_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
