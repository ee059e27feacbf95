/*
 * work: the one kind of queue between threads, and the threads themselves.
 *
 * A mailbox holds jobs for one owner, in order.  The owner is either a
 * thread of its own (worker) or a libuv loop (mailbox_open_loop).
 */
#ifndef BASE_WORK_H
#define BASE_WORK_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void (*work_fn)(void *context, void *job);

/* A thread that handles one job after the other. */
struct worker;

/* `handle(context, job)` runs on the new thread, `idle(context)` (may be
 * NULL) on it whenever `idle_ms` pass without a job. */
struct worker *worker_new(const char *name, work_fn handle,
    void (*idle)(void *context), unsigned idle_ms, void *context);
/* False when `limit` jobs wait already (0: no limit); the job is the
 * caller's again.  Any thread. */
bool worker_post(struct worker *worker, void *job, size_t limit);
/* The same for what has time: the thread is not woken before `limit` jobs wait
 * by half, and takes them the next time that idle_ms have passed.  For workers
 * that have an idle_ms. */
bool worker_leave(struct worker *worker, void *job, size_t limit);
size_t worker_waiting(struct worker *worker);
/* Handles what waits, then ends the thread.  Not from the thread itself. */
void worker_stop(struct worker *worker);
/* The other way to stop: nothing more is accepted, and every job that has not
 * begun goes to `give`, on the calling thread, instead of being handled.
 * Answers how many.  For threads made with worker_new. */
size_t worker_recall(struct worker *worker, work_fn give, void *context);
/* Nothing more is accepted: has the thread handled its last job, now or
 * within `timeout_ms`?  worker_stop is still to be called. */
bool worker_ends_within(struct worker *worker, unsigned timeout_ms);
void worker_free(struct worker *worker); /* after stop; safe on NULL */

/* All jobs that wait, at once: for group commit.  Blocks until there is one,
 * until `timeout_ms` pass (returns 0), or until stop (returns 0, *stopped).
 * For threads made with worker_new_batch. */
typedef void (*work_batch_fn)(void *context, void **jobs, size_t count);
struct worker *worker_new_batch(const char *name, work_batch_fn handle,
    void (*idle)(void *context), unsigned idle_ms, void *context);

/* Others go before it: `nice` is 1 to 19 as for nice(2).  For work that nobody
 * waits for. */
void worker_stay_behind(struct worker *worker, int nice);
/* Being woken, it does not take the core from the thread that posts (Linux'
 * SCHED_BATCH): the group is as large as what that one has to post.  Where a
 * core is free it costs nothing. */
void worker_let_finish(struct worker *worker);

/* For team.c: a thread that gets no signals. */
void work_start(pthread_t *thread, void *(*run)(void *), void *argument);

/* A mailbox whose owner is a libuv loop; `loop` is a uv_loop_t. */
struct mailbox;

struct mailbox *mailbox_open_loop(void *loop, work_fn handle, void *context);
/* Any thread. */
void mailbox_post(struct mailbox *mailbox, void *job);
/* What this thread posts between the two is kept back, then handed over at
 * once: a group's answers wake each loop once and not one by one. */
void mailbox_hold(void);
void mailbox_send_held(void);
/* On the loop's thread; waiting jobs are handled first.  The loop must run
 * once more to finish closing. */
void mailbox_close(struct mailbox *mailbox);

#endif
