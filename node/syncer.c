/*
 * syncer: makes what was written survive a power cut.
 */
#include "node/syncer.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/work.h"

#define RETRY_US (CLOCK_SECOND / 10)

struct syncer {
	struct kv *kv;
	struct worker *worker;
	bool wanted; /* something was written since the last one began */
	bool busy;   /* one is under way */
	int64_t not_before_us; /* monotonic */
	void (*done)(void *context, enum err err);
	void *context;
};

static void
syncer_on_job(void *context, void *job)
{
	struct syncer *syncer = context;
	struct why why = {""};
	enum err err = kv_sync(syncer->kv, &why);

	(void)job;
	if (err != ERR_OK)
		log_error("follow.sync", "why=\"%s\"", why.text);
	syncer->done(syncer->context, err);
}

struct syncer *
syncer_new(
    struct kv *kv, void (*done)(void *context, enum err err), void *context)
{
	struct syncer *syncer = mem_new(sizeof(*syncer));

	syncer->kv = kv;
	syncer->done = done;
	syncer->context = context;
	syncer->worker = worker_new("sync", syncer_on_job, NULL, 0, syncer);
	return syncer;
}

void
syncer_tick(struct syncer *syncer, bool written)
{
	syncer->wanted |= written;
	if (!syncer->wanted || syncer->busy ||
	    clock_tick_us() < syncer->not_before_us)
		return;
	syncer->wanted = false;
	syncer->busy = worker_post(syncer->worker, syncer, 0);
}

bool
syncer_end(struct syncer *syncer, enum err err)
{
	syncer->busy = false;
	if (err == ERR_OK)
		return true;
	syncer->wanted = true;
	syncer->not_before_us = clock_tick_us() + RETRY_US;
	return false;
}

void
syncer_stop(struct syncer *syncer)
{
	worker_stop(syncer->worker);
}

void
syncer_free(struct syncer *syncer)
{
	if (syncer == NULL)
		return;
	worker_free(syncer->worker);
	mem_free(syncer);
}
