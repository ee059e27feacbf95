/*
 * load: fetches images of streams from the parent.
 */
#include "node/load.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "node/load_inner.h"

#define IDLE_MS 100
#define REPLIES_WAITING (2 * LOAD_WINDOW)
#define RETRY_US (5 * CLOCK_SECOND)
#define SILENCE_US (30 * CLOCK_SECOND)
#define LOAD_TICKET (UINT64_C(1) << 63)

struct load_job {
	bool is_order;
	struct load_order order;
	struct buf message;
};

const char *
load_stream(const struct load *load)
{
	return load->order.state.chain.stream;
}

static void
load_release(struct load *load)
{
	size_t i;

	fill_free(load->fill);
	load->fill = NULL;
	staging_close(load->staging);
	load->staging = NULL;
	index_release(&load->index);
	mem_free(load->wanted);
	load->wanted = NULL;
	load->page = (struct slot){0};
	for (i = 0; i < LOAD_WINDOW; i++) {
		buf_release(&load->window[i].body);
		load->window[i] = (struct slot){0};
	}
	load->phase = PHASE_IDLE;
}

void
load_finish(struct load *load, enum load_outcome outcome)
{
	struct load_report report = {.outcome = outcome,
	    .position = load->index.head.position,
	    .chunks = load->index.count,
	    .fetched = load->done};

	memcpy(report.stream, load_stream(load), sizeof(report.stream));
	if (load->fill != NULL)
		report.records = fill_count(load->fill);
	load_release(load);
	atomic_store(&load->busy, false);
	load->settings.done(load->settings.context, &report);
}

void
load_fail(struct load *load, const struct why *why)
{
	log_error("load.failed", "stream=%s why=\"%s\"", load_stream(load),
	    why->text);
	load_finish(load, LOAD_LATER);
}

/* It is the peer that is named: the hub signed the state, and this is not it.
 */
void
load_lied(struct load *load, const char *where, const struct why *why)
{
	char labels[32];

	snprintf(labels, sizeof(labels), "where=\"%s\"", where);
	metric_add(metric_counter("rongxin_node_images_refused_total", labels,
		       "Answers about images that did not hold."),
	    1);
	log_error("load.lied",
	    "peer=%s stream=%s position=%llu where=%s why=\"%s\"",
	    load->order.peer, load_stream(load),
	    (unsigned long long)load->index.head.position, where, why->text);
	load_finish(load, LOAD_REFUSED);
}

static void
load_send(struct load *load, struct request *request, struct slot *slot)
{
	struct buf bytes = {0};

	request->ticket = LOAD_TICKET | ++load->ticket;
	memcpy(request->stream, load_stream(load), sizeof(request->stream));
	pack_request(request, &bytes);
	load->settings.send(load->settings.context, buf_span(&bytes));
	buf_release(&bytes);
	slot->ticket = request->ticket;
	slot->asked_us = clock_tick_us();
}

/* The image whose chunks wait already, if it is still of use. */
void
load_ask_page(struct load *load)
{
	struct request ask = {.kind = REQUEST_SNAPSHOT,
	    .number = index_next_page(&load->index),
	    .after = load->order.least};

	ask.position = load->index.head.position;
	if (ask.position == 0)
		ask.position = staging_mark(load->staging)->position;
	load_send(load, &ask, &load->page);
}

static void
load_ask_chunk(struct load *load, uint32_t place)
{
	struct request ask = {.kind = REQUEST_CHUNK,
	    .position = load->index.head.position,
	    .number = load->wanted[place]};

	load_send(load, &ask, &load->window[place % LOAD_WINDOW]);
}

void
load_pump(struct load *load)
{
	while (!atomic_load(&load->held) && load->asked < load->wanted_count &&
	       load->asked - load->done < LOAD_WINDOW) {
		load->window[load->asked % LOAD_WINDOW].come = false;
		load_ask_chunk(load, load->asked++);
	}
}

static void
load_start(struct load *load, const struct load_order *order)
{
	const struct chain *base;
	struct why why = {""};

	load->order = *order;
	load->done = load->asked = load->wanted_count = 0;
	load->heard_us = clock_tick_us();
	index_init(&load->index, load_stream(load));
	load->staging = staging_open(
	    store_folder(load->settings.store), load_stream(load), &why);
	if (load->staging == NULL) {
		load_fail(load, &why);
		return;
	}
	base = &staging_mark(load->staging)->base;
	if (base->position != order->state.chain.position ||
	    !digest_equal(&base->head, &order->state.chain.head) ||
	    staging_mark(load->staging)->position < order->least)
		staging_clear(load->staging);
	load->phase = PHASE_INDEX;
	load_ask_page(load);
}

static void
load_on_job(void *context, void *posted)
{
	struct load *load = context;
	struct load_job *job = posted;

	if (!atomic_load(&load->stopping)) {
		if (job->is_order)
			load_start(load, &job->order);
		else
			load_answer(load, buf_span(&job->message));
	}
	buf_release(&job->message);
	mem_free(job);
}

/* What was lost on the way is asked for again; not for ever. */
static void
load_on_idle(void *context)
{
	struct load *load = context;
	int64_t now_us = clock_tick_us();
	uint32_t i;

	if (load->phase == PHASE_IDLE)
		return;
	if (atomic_load(&load->held))
		load->heard_us = now_us;
	if (now_us - load->heard_us > SILENCE_US) {
		load_finish(load, LOAD_LATER);
		return;
	}
	if (load->phase == PHASE_INDEX &&
	    now_us - load->page.asked_us > RETRY_US)
		load_ask_page(load);
	for (i = load->done; load->phase == PHASE_CHUNKS && i < load->asked;
	     i++)
		if (!load->window[i % LOAD_WINDOW].come &&
		    now_us - load->window[i % LOAD_WINDOW].asked_us > RETRY_US)
			load_ask_chunk(load, i);
	if (load->phase == PHASE_CHUNKS)
		load_pump(load);
}

struct load *
load_new(const struct load_settings *settings)
{
	struct load *load = mem_new(sizeof(*load));

	load->settings = *settings;
	load->opener = opener_new(settings->keys);
	/* After a restart answers to the former process find nobody. */
	load->ticket = (uint64_t)clock_now_us();
	load->worker =
	    worker_new("load", load_on_job, load_on_idle, IDLE_MS, load);
	return load;
}

void
load_stop(struct load *load)
{
	atomic_store(&load->stopping, true);
	worker_stop(load->worker);
}

void
load_free(struct load *load)
{
	if (load == NULL)
		return;
	worker_free(load->worker);
	load_release(load);
	opener_free(load->opener);
	mem_free(load);
}

bool
load_is_busy(const struct load *load)
{
	return atomic_load(&load->busy);
}

void
load_begin(struct load *load, const struct load_order *order)
{
	struct load_job *job = mem_new(sizeof(*job));

	atomic_store(&load->busy, true);
	job->is_order = true;
	job->order = *order;
	worker_post(load->worker, job, 0);
}

void
load_hold(struct load *load, bool held)
{
	atomic_store(&load->held, held);
}

bool
load_is_ticket(uint64_t ticket)
{
	return (ticket & LOAD_TICKET) != 0;
}

void
load_on_reply(struct load *load, struct span message)
{
	struct load_job *job = mem_new(sizeof(*job));

	buf_add(&job->message, message.ptr, message.len);
	if (worker_post(load->worker, job, REPLIES_WAITING))
		return;
	buf_release(&job->message);
	mem_free(job);
}
