/*
 * work: the one kind of queue between threads, and the threads themselves.
 *
 * Handlers run without the lock, which is therefore held for a few
 * instructions only.  A worker takes one job at a time, so that what has not
 * begun can be taken back; other owners take everything that waits at once.
 */
#include "base/work.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "base/mem.h"

#define NAME_SIZE 16 /* what the kernel keeps of a thread's name */
#define HELD_MAX 16  /* mailboxes; those of loops, a core or so each */

struct jobs {
	void **list;
	size_t begun; /* of the list: these are gone already */
	size_t count;
	size_t size;
};

struct worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_cond_t end;
	struct jobs jobs;       /* under lock */
	bool asleep;            /* under lock */
	bool stopping;          /* under lock */
	bool ended;             /* under lock */
	id_t tid;               /* under lock; 0: has not begun */
	int nice;               /* under lock */
	_Atomic size_t waiting; /* posted and not yet begun */
	work_fn handle;         /* this one or the next */
	work_batch_fn handle_batch;
	void (*idle)(void *context);
	unsigned idle_ms;
	void *context;
	char name[NAME_SIZE];
};

struct mailbox {
	uv_async_t async;
	pthread_mutex_t lock;
	struct jobs jobs; /* under lock */
	work_fn handle;
	void *context;
};

/* What a thread keeps back for one mailbox. */
struct held {
	struct mailbox *mailbox;
	struct jobs jobs;
};

static _Thread_local struct held held[HELD_MAX];
static _Thread_local size_t held_count;
static _Thread_local bool holding;

static void
jobs_add(struct jobs *jobs, void *job)
{
	if (jobs->count == jobs->size) {
		jobs->size = jobs->size == 0 ? 16 : jobs->size * 2;
		jobs->list =
		    mem_grow(jobs->list, jobs->size * sizeof(*jobs->list));
	}
	jobs->list[jobs->count++] = job;
}

static void
must(int failed)
{
	if (!failed)
		return;
	fputs("no resources for a thread or its lock\n", stderr);
	abort();
}

static void
deadline_in(unsigned ms, struct timespec *deadline)
{
	clock_gettime(CLOCK_MONOTONIC, deadline);
	deadline->tv_sec += ms / 1000;
	deadline->tv_nsec += (long)(ms % 1000) * 1000000;
	if (deadline->tv_nsec >= 1000000000) {
		deadline->tv_nsec -= 1000000000;
		deadline->tv_sec++;
	}
}

/* All jobs that wait, or the first of them. */
static struct jobs
jobs_take(struct jobs *jobs, bool all, void **one)
{
	struct jobs taken = {0};

	if (all || jobs->begun == jobs->count) {
		taken = *jobs;
		*jobs = (struct jobs){0};
		return taken;
	}
	*one = jobs->list[jobs->begun++];
	taken = (struct jobs){.list = one, .count = 1};
	if (jobs->begun == jobs->count)
		jobs->begun = jobs->count = 0;
	return taken;
}

/* Wait for jobs and take them, or one of them into `one`.  An empty answer
 * means: nothing came for idle_ms, or, when *stopped, nothing will come any
 * more. */
static struct jobs
worker_take(struct worker *worker, void **one, bool *stopped)
{
	bool patient = worker->idle == NULL || worker->idle_ms == 0;
	struct timespec deadline;
	struct jobs taken;
	int failed = 0;

	deadline_in(worker->idle_ms, &deadline);
	pthread_mutex_lock(&worker->lock);
	while (worker->jobs.count == 0 && !worker->stopping &&
	       failed != ETIMEDOUT) {
		worker->asleep = true;
		if (patient)
			pthread_cond_wait(&worker->wake, &worker->lock);
		else
			failed = pthread_cond_timedwait(
			    &worker->wake, &worker->lock, &deadline);
	}
	worker->asleep = false;
	taken = jobs_take(&worker->jobs, worker->handle_batch != NULL, one);
	atomic_fetch_sub(&worker->waiting, taken.count);
	*stopped = worker->stopping && taken.count == 0;
	pthread_mutex_unlock(&worker->lock);
	return taken;
}

static void
worker_handle(struct worker *worker, const struct jobs *jobs)
{
	if (worker->handle_batch != NULL)
		worker->handle_batch(worker->context, jobs->list, jobs->count);
	else
		worker->handle(worker->context, jobs->list[0]);
}

/* Under its lock; on Linux a thread has a nice value of its own. */
static void
worker_set_nice(const struct worker *worker)
{
	if (worker->nice > 0 && worker->tid != 0)
		(void)setpriority(PRIO_PROCESS, worker->tid, worker->nice);
}

static void
worker_begin(struct worker *worker)
{
	pthread_setname_np(pthread_self(), worker->name);
	pthread_mutex_lock(&worker->lock);
	worker->tid = (id_t)gettid();
	worker_set_nice(worker);
	pthread_mutex_unlock(&worker->lock);
}

static void *
worker_run(void *argument)
{
	struct worker *worker = argument;
	bool stopped = false;
	struct jobs jobs;
	void *one = NULL;

	worker_begin(worker);
	while (!stopped) {
		jobs = worker_take(worker, &one, &stopped);
		if (jobs.count > 0)
			worker_handle(worker, &jobs);
		else if (!stopped)
			worker->idle(worker->context);
		if (jobs.list != &one)
			mem_free(jobs.list);
	}
	pthread_mutex_lock(&worker->lock);
	worker->ended = true;
	pthread_cond_signal(&worker->end);
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

/* Signals are for the main loop: a thread starts with all of them blocked. */
void
work_start(pthread_t *thread, void *(*run)(void *), void *argument)
{
	sigset_t all, before;

	sigfillset(&all);
	must(pthread_sigmask(SIG_SETMASK, &all, &before));
	must(pthread_create(thread, NULL, run, argument));
	must(pthread_sigmask(SIG_SETMASK, &before, NULL));
}

static struct worker *
worker_prepare(const char *name, void (*idle)(void *context), unsigned idle_ms,
    void *context)
{
	struct worker *worker = mem_new(sizeof(*worker));
	pthread_condattr_t attributes;

	must(pthread_condattr_init(&attributes));
	must(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
	must(pthread_cond_init(&worker->wake, &attributes));
	must(pthread_cond_init(&worker->end, &attributes));
	pthread_condattr_destroy(&attributes);
	must(pthread_mutex_init(&worker->lock, NULL));
	snprintf(worker->name, sizeof(worker->name), "%.15s", name);
	worker->idle = idle;
	worker->idle_ms = idle_ms;
	worker->context = context;
	return worker;
}

struct worker *
worker_new(const char *name, work_fn handle, void (*idle)(void *context),
    unsigned idle_ms, void *context)
{
	struct worker *worker = worker_prepare(name, idle, idle_ms, context);

	worker->handle = handle;
	work_start(&worker->thread, worker_run, worker);
	return worker;
}

struct worker *
worker_new_batch(const char *name, work_batch_fn handle,
    void (*idle)(void *context), unsigned idle_ms, void *context)
{
	struct worker *worker = worker_prepare(name, idle, idle_ms, context);

	worker->handle_batch = handle;
	work_start(&worker->thread, worker_run, worker);
	return worker;
}

void
worker_stay_behind(struct worker *worker, int nice)
{
	pthread_mutex_lock(&worker->lock);
	worker->nice = nice;
	worker_set_nice(worker);
	pthread_mutex_unlock(&worker->lock);
}

void
worker_let_finish(struct worker *worker)
{
	const struct sched_param none = {0};

	(void)pthread_setschedparam(worker->thread, SCHED_BATCH, &none);
}

/* `wake_at`: when so many wait. */
static bool
worker_add(struct worker *worker, void *job, size_t limit, size_t wake_at)
{
	size_t waiting;
	bool accepted;

	pthread_mutex_lock(&worker->lock);
	waiting = atomic_load(&worker->waiting);
	accepted = !worker->stopping && (limit == 0 || waiting < limit);
	if (accepted) {
		jobs_add(&worker->jobs, job);
		atomic_fetch_add(&worker->waiting, 1);
	}
	/* Woken once: it takes whatever waits by then. */
	if (accepted && worker->asleep && waiting + 1 >= wake_at) {
		worker->asleep = false;
		pthread_cond_signal(&worker->wake);
	}
	pthread_mutex_unlock(&worker->lock);
	return accepted;
}

bool
worker_post(struct worker *worker, void *job, size_t limit)
{
	return worker_add(worker, job, limit, 1);
}

bool
worker_leave(struct worker *worker, void *job, size_t limit)
{
	assert(worker->idle != NULL && worker->idle_ms > 0 && limit > 0);
	return worker_add(worker, job, limit, limit / 2);
}

size_t
worker_waiting(struct worker *worker)
{
	return atomic_load(&worker->waiting);
}

void
worker_stop(struct worker *worker)
{
	assert(!pthread_equal(pthread_self(), worker->thread));
	pthread_mutex_lock(&worker->lock);
	worker->stopping = true;
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
	must(pthread_join(worker->thread, NULL));
}

size_t
worker_recall(struct worker *worker, work_fn give, void *context)
{
	struct jobs jobs;
	size_t i, count;

	assert(worker->handle != NULL);
	pthread_mutex_lock(&worker->lock);
	worker->stopping = true;
	jobs = worker->jobs;
	worker->jobs = (struct jobs){0};
	count = jobs.count - jobs.begun;
	atomic_fetch_sub(&worker->waiting, count);
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
	for (i = jobs.begun; i < jobs.count; i++)
		give(context, jobs.list[i]);
	mem_free(jobs.list);
	return count;
}

bool
worker_ends_within(struct worker *worker, unsigned timeout_ms)
{
	struct timespec deadline;
	int failed = 0;
	bool ended;

	deadline_in(timeout_ms, &deadline);
	pthread_mutex_lock(&worker->lock);
	worker->stopping = true;
	pthread_cond_signal(&worker->wake);
	while (!worker->ended && failed != ETIMEDOUT)
		failed = pthread_cond_timedwait(
		    &worker->end, &worker->lock, &deadline);
	ended = worker->ended;
	pthread_mutex_unlock(&worker->lock);
	return ended;
}

void
worker_free(struct worker *worker)
{
	if (worker == NULL)
		return;
	pthread_cond_destroy(&worker->wake);
	pthread_cond_destroy(&worker->end);
	pthread_mutex_destroy(&worker->lock);
	mem_free(worker->jobs.list);
	mem_free(worker);
}

static void
mailbox_handle_waiting(struct mailbox *mailbox)
{
	struct jobs jobs;
	size_t i;

	pthread_mutex_lock(&mailbox->lock);
	jobs = mailbox->jobs;
	mailbox->jobs = (struct jobs){0};
	pthread_mutex_unlock(&mailbox->lock);
	for (i = 0; i < jobs.count; i++)
		mailbox->handle(mailbox->context, jobs.list[i]);
	mem_free(jobs.list);
}

static void
mailbox_on_async(uv_async_t *async)
{
	mailbox_handle_waiting(async->data);
}

struct mailbox *
mailbox_open_loop(void *loop, work_fn handle, void *context)
{
	struct mailbox *mailbox = mem_new(sizeof(*mailbox));

	must(uv_async_init(loop, &mailbox->async, mailbox_on_async));
	must(pthread_mutex_init(&mailbox->lock, NULL));
	mailbox->async.data = mailbox;
	mailbox->handle = handle;
	mailbox->context = context;
	return mailbox;
}

/* Sent under the lock, so that a post that the owner has seen is over when
 * the owner goes on to close. */
static void
mailbox_post_all(struct mailbox *mailbox, void **list, size_t count)
{
	size_t i;

	pthread_mutex_lock(&mailbox->lock);
	for (i = 0; i < count; i++)
		jobs_add(&mailbox->jobs, list[i]);
	if (mailbox->jobs.count == count)
		uv_async_send(&mailbox->async);
	pthread_mutex_unlock(&mailbox->lock);
}

/* The mailbox's share of what is held back; NULL: there is no room. */
static struct held *
held_find(struct mailbox *mailbox)
{
	size_t i;

	for (i = 0; i < held_count; i++)
		if (held[i].mailbox == mailbox)
			return &held[i];
	if (!holding || held_count == HELD_MAX)
		return NULL;
	held[held_count].mailbox = mailbox;
	return &held[held_count++];
}

void
mailbox_post(struct mailbox *mailbox, void *job)
{
	struct held *back = held_find(mailbox);

	if (back != NULL)
		jobs_add(&back->jobs, job);
	else
		mailbox_post_all(mailbox, &job, 1);
}

void
mailbox_hold(void)
{
	holding = true;
}

void
mailbox_send_held(void)
{
	size_t i;

	holding = false;
	for (i = 0; i < held_count; i++) {
		mailbox_post_all(
		    held[i].mailbox, held[i].jobs.list, held[i].jobs.count);
		mem_free(held[i].jobs.list);
		held[i] = (struct held){0};
	}
	held_count = 0;
}

static void
mailbox_on_closed(uv_handle_t *handle)
{
	struct mailbox *mailbox = handle->data;

	pthread_mutex_destroy(&mailbox->lock);
	mem_free(mailbox->jobs.list);
	mem_free(mailbox);
}

void
mailbox_close(struct mailbox *mailbox)
{
	mailbox_handle_waiting(mailbox);
	uv_close((uv_handle_t *)&mailbox->async, mailbox_on_closed);
}
