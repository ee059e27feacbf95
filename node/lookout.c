/*
 * lookout: the thread that looks for what is news to those who watch.
 */
#include "node/lookout.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/work.h"

#define IDLE_MS 250
#define BEAT_US (10 * CLOCK_SECOND)
#define TRIM_US (600 * CLOCK_SECOND)

struct lookout {
	struct lookout_settings settings;
	struct watchbook *book;
	struct scan *scan;
	struct corrections *corrections;
	struct follow *attached; /* to be */
	struct worker *worker;
	struct listener *listeners;
	void (*tick)(void *context); /* or NULL */
	void *tick_context;
	int64_t tick_us;          /* monotonic: of the last */
	int64_t beat_us, trim_us; /* monotonic: of the last */
	atomic_bool woken;
};

struct call {
	void (*run)(void *context); /* NULL: look */
	void *context;
};

static void
lookout_post(struct lookout *lookout, void (*run)(void *context), void *context)
{
	struct call call = {run, context}, *job = mem_copy(&call, sizeof(call));

	if (!worker_post(lookout->worker, job, 0))
		mem_free(job);
}

void
lookout_run(struct lookout *lookout, void (*call)(void *context), void *context)
{
	lookout_post(lookout, call, context);
}

void
lookout_wake(struct lookout *lookout)
{
	if (!atomic_exchange(&lookout->woken, true))
		lookout_post(lookout, NULL, NULL);
}

static void
lookout_look(struct lookout *lookout)
{
	atomic_store(&lookout->woken, false);
	if (scan_run(lookout->scan))
		lookout_wake(lookout);
}

static void
lookout_beat(struct lookout *lookout)
{
	struct listener *listener, *next;

	lookout->beat_us = clock_tick_us();
	for (listener = lookout->listeners; listener != NULL; listener = next) {
		next = listener->next;
		listener->wake(listener, true);
	}
}

static void
lookout_trim(struct lookout *lookout)
{
	lookout->trim_us = clock_tick_us();
	if (watchbook_trim(lookout->book,
		clock_now_us() - lookout->settings.keep_us) != ERR_OK)
		log_error("watch.failed", "why=\"events cannot be trimmed\"");
}

/* Also while job follows job. */
static void
lookout_tick(struct lookout *lookout)
{
	if (clock_tick_us() - lookout->tick_us < IDLE_MS * 1000)
		return;
	lookout->tick_us = clock_tick_us();
	corrections_step(lookout->corrections);
	if (lookout->tick != NULL)
		lookout->tick(lookout->tick_context);
	if (lookout->tick_us - lookout->beat_us > BEAT_US)
		lookout_beat(lookout);
	if (lookout->tick_us - lookout->trim_us > TRIM_US)
		lookout_trim(lookout);
}

static void
lookout_on_job(void *context, void *job)
{
	struct lookout *lookout = context;
	struct call *call = job;

	if (call->run != NULL)
		call->run(call->context);
	else
		lookout_look(lookout);
	mem_free(call);
	lookout_tick(lookout);
}

/* Also what was taken in at start, before anybody could say so. */
static void
lookout_on_idle(void *context)
{
	struct lookout *lookout = context;

	lookout_look(lookout);
	lookout_tick(lookout);
}

static void
lookout_on_told(void *context, const char *member)
{
	struct lookout *lookout = context;
	struct listener *listener, *next;

	for (listener = lookout->listeners; listener != NULL; listener = next) {
		next = listener->next;
		if (strcmp(listener->member, member) == 0)
			listener->wake(listener, false);
	}
}

static void
lookout_on_run(void *context, void (*call)(void *context), void *call_context)
{
	lookout_post(context, call, call_context);
}

static void
lookout_on_attach(void *context)
{
	struct lookout *lookout = context;

	corrections_attach(lookout->corrections, lookout->attached);
}

void
lookout_attach(struct lookout *lookout, struct follow *follow)
{
	lookout->attached = follow;
	lookout_post(lookout, lookout_on_attach, lookout);
}

struct lookout *
lookout_open(const struct lookout_settings *settings, struct why *why)
{
	struct lookout *lookout = mem_new(sizeof(*lookout));
	struct scan_settings scan = {.store = settings->store,
	    .world = settings->world,
	    .keys = settings->keys,
	    .told = lookout_on_told,
	    .context = lookout};
	struct corrections_settings corrections = {.store = settings->store,
	    .world = settings->world,
	    .trail = settings->trail,
	    .accesses = settings->accesses,
	    .told = lookout_on_told,
	    .run = lookout_on_run,
	    .context = lookout};

	lookout->settings = *settings;
	lookout->book = watchbook_open(settings->folder, why);
	if (lookout->book == NULL) {
		mem_free(lookout);
		return NULL;
	}
	scan.book = lookout->book;
	corrections.book = lookout->book;
	lookout->scan = scan_new(&scan);
	lookout->corrections = corrections_new(&corrections);
	lookout->beat_us = clock_tick_us();
	lookout->worker = worker_new(
	    "watch", lookout_on_job, lookout_on_idle, IDLE_MS, lookout);
	return lookout;
}

void
lookout_stop(struct lookout *lookout)
{
	worker_stop(lookout->worker);
}

void
lookout_close(struct lookout *lookout)
{
	if (lookout == NULL)
		return;
	worker_free(lookout->worker);
	corrections_free(lookout->corrections);
	scan_free(lookout->scan);
	watchbook_close(lookout->book);
	mem_free(lookout);
}

void
lookout_set_tick(
    struct lookout *lookout, void (*tick)(void *context), void *context)
{
	lookout->tick = tick;
	lookout->tick_context = context;
}

struct watchbook *
lookout_book(struct lookout *lookout)
{
	return lookout->book;
}

struct scan *
lookout_scan(struct lookout *lookout)
{
	return lookout->scan;
}

void
lookout_add(struct lookout *lookout, struct listener *listener)
{
	listener->next = lookout->listeners;
	lookout->listeners = listener;
}

void
lookout_remove(struct lookout *lookout, struct listener *listener)
{
	struct listener **at = &lookout->listeners;

	for (; *at != NULL; at = &(*at)->next)
		if (*at == listener) {
			*at = listener->next;
			return;
		}
}
