/*
 * work: jobs come in order, and none is lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include "base/work.h"

struct seen {
	intptr_t jobs[64];
	intptr_t returned[64];
	size_t count, return_count;
	size_t batches;
	char thread[16];
	_Atomic int idles;
	uv_sem_t go;
	uv_sem_t begun;
	struct mailbox *mailbox;
};

static void
seen_init(struct seen *seen)
{
	memset(seen, 0, sizeof(*seen));
	uv_sem_init(&seen->go, 0);
	uv_sem_init(&seen->begun, 0);
}

static void
seen_release(struct seen *seen)
{
	uv_sem_destroy(&seen->go);
	uv_sem_destroy(&seen->begun);
}

static void
note(void *context, void *job)
{
	struct seen *seen = context;

	pthread_getname_np(pthread_self(), seen->thread, 16);
	seen->jobs[seen->count++] = (intptr_t)job;
}

/* Waits in its first job until the test says go. */
static void
note_slowly(void *context, void *job)
{
	struct seen *seen = context;

	note(context, job);
	if (seen->count == 1) {
		uv_sem_post(&seen->begun);
		uv_sem_wait(&seen->go);
	}
}

static void
note_batch(void *context, void **jobs, size_t count)
{
	struct seen *seen = context;
	size_t i;

	seen->batches++;
	for (i = 0; i < count; i++)
		note_slowly(context, jobs[i]);
}

static void
note_idle(void *context)
{
	struct seen *seen = context;

	if (atomic_fetch_add(&seen->idles, 1) == 1)
		uv_sem_post(&seen->begun);
}

static void
jobs_are_handled_in_order_on_a_named_thread(void **state)
{
	struct seen seen;
	struct worker *worker;
	intptr_t i;

	(void)state;
	seen_init(&seen);
	worker = worker_new("a-very-long-thread-name", note, NULL, 0, &seen);
	for (i = 0; i < 50; i++)
		assert_true(worker_post(worker, (void *)i, 0));
	worker_stop(worker);

	assert_int_equal(seen.count, 50);
	for (i = 0; i < 50; i++)
		assert_int_equal(seen.jobs[i], i);
	assert_string_equal(seen.thread, "a-very-long-thr");
	assert_false(worker_post(worker, &seen, 0));
	worker_free(worker);
	worker_free(NULL);
	seen_release(&seen);
}

static void
a_full_worker_gives_the_job_back(void **state)
{
	struct seen seen;
	struct worker *worker;

	(void)state;
	seen_init(&seen);
	worker = worker_new("full", note_slowly, NULL, 0, &seen);
	assert_true(worker_post(worker, (void *)1, 2));
	uv_sem_wait(&seen.begun);
	assert_true(worker_post(worker, (void *)2, 2));
	assert_true(worker_post(worker, (void *)3, 2));
	assert_int_equal(worker_waiting(worker), 2);
	assert_false(worker_post(worker, (void *)4, 2));
	uv_sem_post(&seen.go);
	worker_stop(worker);

	assert_int_equal(seen.count, 3);
	assert_int_equal(worker_waiting(worker), 0);
	worker_free(worker);
	seen_release(&seen);
}

static void
give_back(void *context, void *job)
{
	struct seen *seen = context;

	seen->returned[seen->return_count++] = (intptr_t)job;
}

static void
what_has_not_begun_can_be_taken_back(void **state)
{
	struct seen seen;
	struct worker *worker;
	intptr_t i;

	(void)state;
	seen_init(&seen);
	worker = worker_new("recall", note_slowly, NULL, 0, &seen);
	for (i = 1; i <= 40; i++)
		worker_post(worker, (void *)i, 0);
	uv_sem_wait(&seen.begun);

	assert_int_equal(worker_recall(worker, give_back, &seen), 39);

	assert_int_equal(seen.return_count, 39);
	for (i = 0; i < 39; i++)
		assert_int_equal(seen.returned[i], i + 2);
	assert_int_equal(worker_waiting(worker), 0);
	assert_false(worker_post(worker, &seen, 0));
	assert_false(worker_ends_within(worker, 1));
	uv_sem_post(&seen.go);
	assert_true(worker_ends_within(worker, 60000));
	assert_int_equal(worker_recall(worker, give_back, &seen), 0);
	worker_stop(worker);
	assert_int_equal(seen.count, 1);
	worker_free(worker);
	seen_release(&seen);
}

static void
a_worker_that_is_waited_for_handles_what_waits(void **state)
{
	struct seen seen;
	struct worker *worker;
	intptr_t i;

	(void)state;
	seen_init(&seen);
	worker = worker_new("wait", note_slowly, NULL, 0, &seen);
	for (i = 1; i <= 3; i++)
		worker_post(worker, (void *)i, 0);
	uv_sem_post(&seen.go);

	assert_true(worker_ends_within(worker, 60000));

	assert_false(worker_post(worker, &seen, 0));
	worker_stop(worker);
	assert_int_equal(seen.count, 3);
	worker_free(worker);
	seen_release(&seen);
}

static void
a_batch_is_all_that_waits(void **state)
{
	struct seen seen;
	struct worker *worker;
	intptr_t i;

	(void)state;
	seen_init(&seen);
	worker = worker_new_batch("batch", note_batch, NULL, 0, &seen);
	worker_post(worker, (void *)0, 0);
	uv_sem_wait(&seen.begun);
	for (i = 1; i < 40; i++)
		worker_post(worker, (void *)i, 0);
	uv_sem_post(&seen.go);
	worker_stop(worker);

	assert_int_equal(seen.batches, 2);
	assert_int_equal(seen.count, 40);
	assert_int_equal(seen.jobs[39], 39);
	worker_free(worker);
	seen_release(&seen);
}

static void
idle_is_called_while_nothing_comes(void **state)
{
	struct seen seen;
	struct worker *worker;

	(void)state;
	seen_init(&seen);
	worker = worker_new("idle", note, note_idle, 1, &seen);
	uv_sem_wait(&seen.begun);
	worker_stop(worker);

	assert_true(atomic_load(&seen.idles) >= 2);
	worker_free(worker);
	seen_release(&seen);
}

/* With an hour between: only the number of them wakes it. */
static void
what_is_left_is_taken_when_half_the_limit_waits(void **state)
{
	struct seen seen;
	struct worker *worker;

	(void)state;
	seen_init(&seen);
	worker =
	    worker_new_batch("left", note_batch, note_idle, 3600000, &seen);
	uv_sem_post(&seen.go);
	assert_true(worker_leave(worker, (void *)1, 4));
	assert_true(worker_leave(worker, (void *)2, 4));
	uv_sem_wait(&seen.begun);
	worker_stop(worker);

	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.jobs[1], 2);
	worker_free(worker);
	seen_release(&seen);
}

static void
what_is_left_is_taken_when_time_has_passed(void **state)
{
	struct seen seen;
	struct worker *worker;

	(void)state;
	seen_init(&seen);
	worker = worker_new_batch("left", note_batch, note_idle, 1, &seen);
	uv_sem_wait(&seen.begun);
	uv_sem_post(&seen.go);
	assert_true(worker_leave(worker, (void *)1, 1000));
	uv_sem_wait(&seen.begun);
	assert_int_equal(seen.count, 1);
	worker_stop(worker);
	worker_free(worker);
	seen_release(&seen);
}

static void
note_on_loop(void *context, void *job)
{
	struct seen *seen = context;

	note(context, job);
	if (seen->count == 32)
		mailbox_close(seen->mailbox);
}

static void *
post_many(void *context)
{
	struct seen *seen = context;
	intptr_t i;

	for (i = 0; i < 32; i++)
		mailbox_post(seen->mailbox, (void *)i);
	return NULL;
}

static void
a_loop_gets_its_mail_in_order(void **state)
{
	struct seen seen;
	pthread_t thread;
	uv_loop_t loop;
	intptr_t i;

	(void)state;
	seen_init(&seen);
	uv_loop_init(&loop);
	seen.mailbox = mailbox_open_loop(&loop, note_on_loop, &seen);
	pthread_create(&thread, NULL, post_many, &seen);
	uv_run(&loop, UV_RUN_DEFAULT);
	pthread_join(thread, NULL);

	assert_int_equal(seen.count, 32);
	for (i = 0; i < 32; i++)
		assert_int_equal(seen.jobs[i], i);
	assert_int_equal(uv_loop_close(&loop), 0);
	seen_release(&seen);
}

static void *
post_many_held(void *context)
{
	struct seen *seen = context;

	mailbox_hold();
	post_many(seen);
	uv_sem_post(&seen->begun);
	uv_sem_wait(&seen->go);
	mailbox_send_held();
	return NULL;
}

static void
held_mail_comes_in_order_when_it_is_sent_and_not_before(void **state)
{
	struct seen seen;
	pthread_t thread;
	uv_loop_t loop;
	intptr_t i;

	(void)state;
	seen_init(&seen);
	uv_loop_init(&loop);
	seen.mailbox = mailbox_open_loop(&loop, note_on_loop, &seen);
	pthread_create(&thread, NULL, post_many_held, &seen);
	uv_sem_wait(&seen.begun);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(seen.count, 0);

	uv_sem_post(&seen.go);
	uv_run(&loop, UV_RUN_DEFAULT);
	pthread_join(thread, NULL);

	assert_int_equal(seen.count, 32);
	for (i = 0; i < 32; i++)
		assert_int_equal(seen.jobs[i], i);
	assert_int_equal(uv_loop_close(&loop), 0);
	seen_release(&seen);
}

static void
what_is_posted_after_held_mail_was_sent_waits_for_nothing(void **state)
{
	struct seen seen;
	uv_loop_t loop;

	(void)state;
	seen_init(&seen);
	uv_loop_init(&loop);
	seen.mailbox = mailbox_open_loop(&loop, note, &seen);
	mailbox_hold();
	mailbox_send_held();
	mailbox_post(seen.mailbox, (void *)7);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(seen.count, 1);
	mailbox_close(seen.mailbox);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	seen_release(&seen);
}

static void
note_nice(void *context, void *job)
{
	(void)job;
	*(int *)context = getpriority(PRIO_PROCESS, (id_t)gettid());
}

static void
who_stays_behind_has_a_nice_value_of_its_own(void **state)
{
	int before = getpriority(PRIO_PROCESS, 0), nice = -100;
	struct worker *worker = worker_new("test", note_nice, NULL, 0, &nice);

	(void)state;
	worker_stay_behind(worker, 19);
	worker_post(worker, NULL, 0);
	worker_stop(worker);
	worker_free(worker);

	assert_int_equal(nice, 19);
	assert_int_equal(getpriority(PRIO_PROCESS, 0), before);
}

static void
mail_that_waits_is_handled_before_closing(void **state)
{
	struct seen seen;
	uv_loop_t loop;

	(void)state;
	seen_init(&seen);
	uv_loop_init(&loop);
	seen.mailbox = mailbox_open_loop(&loop, note, &seen);
	mailbox_post(seen.mailbox, (void *)7);
	mailbox_close(seen.mailbox);

	assert_int_equal(seen.count, 1);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	seen_release(&seen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(jobs_are_handled_in_order_on_a_named_thread),
	    cmocka_unit_test(a_full_worker_gives_the_job_back),
	    cmocka_unit_test(what_has_not_begun_can_be_taken_back),
	    cmocka_unit_test(a_worker_that_is_waited_for_handles_what_waits),
	    cmocka_unit_test(a_batch_is_all_that_waits),
	    cmocka_unit_test(idle_is_called_while_nothing_comes),
	    cmocka_unit_test(what_is_left_is_taken_when_half_the_limit_waits),
	    cmocka_unit_test(what_is_left_is_taken_when_time_has_passed),
	    cmocka_unit_test(a_loop_gets_its_mail_in_order),
	    cmocka_unit_test(mail_that_waits_is_handled_before_closing),
	    cmocka_unit_test(
		held_mail_comes_in_order_when_it_is_sent_and_not_before),
	    cmocka_unit_test(
		what_is_posted_after_held_mail_was_sent_waits_for_nothing),
	    cmocka_unit_test(who_stays_behind_has_a_nice_value_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
