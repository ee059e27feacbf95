/*
 * load: fetches images of streams from the parent.
 */
#include "node/load.h"

#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/work.h"
#include "node/survey.h"

#define IDLE_MS 100
#define WINDOW 8 /* chunks asked for at a time: about 2 MiB each */
#define REPLIES_WAITING (2 * WINDOW)
#define RETRY_US (5 * CLOCK_SECOND)
#define SILENCE_US (30 * CLOCK_SECOND)
#define LOAD_TICKET (UINT64_C(1) << 63)

enum phase {
	PHASE_IDLE,
	PHASE_INDEX,
	PHASE_CHUNKS
};

/* A request under way. */
struct slot {
	uint64_t ticket; /* 0: none */
	int64_t asked_us;
	bool come;
	struct buf body; /* of a chunk that came before its turn */
};

struct load {
	struct load_settings settings;
	struct worker *worker;
	_Atomic bool stopping, busy, held;
	struct opener *opener;
	uint64_t ticket;
	/* the one under way */
	enum phase phase;
	struct load_order order;
	struct staging *staging;
	struct index index;
	struct fill *fill;
	uint32_t *wanted; /* chunks to be fetched, ascending */
	uint32_t wanted_count, asked, done;
	struct slot page, window[WINDOW]; /* wanted[i] in window[i % WINDOW] */
	int64_t heard_us;
};

struct load_job {
	bool is_order;
	struct load_order order;
	struct buf message;
};

static const char *
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
	for (i = 0; i < WINDOW; i++) {
		buf_release(&load->window[i].body);
		load->window[i] = (struct slot){0};
	}
	load->phase = PHASE_IDLE;
}

static void
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

static void
load_fail(struct load *load, const struct why *why)
{
	log_error("load.failed", "stream=%s why=\"%s\"", load_stream(load),
	    why->text);
	load_finish(load, LOAD_LATER);
}

/* It is the peer that is named: the hub signed the state, and this is not it.
 */
static void
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
static void
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

	load_send(load, &ask, &load->window[place % WINDOW]);
}

static void
load_end(struct load *load)
{
	struct why why = {""};
	enum err err = fill_end(load->fill, &why);

	if (err == ERR_OK)
		err = staging_end(load->staging, buf_span(&load->index.sealed),
		    &load->index.sum, &why);
	if (err != ERR_OK)
		load_fail(load, &why);
	else
		load_finish(load, LOAD_WHOLE);
}

static void
load_pump(struct load *load)
{
	while (!atomic_load(&load->held) && load->asked < load->wanted_count &&
	       load->asked - load->done < WINDOW) {
		load->window[load->asked % WINDOW].come = false;
		load_ask_chunk(load, load->asked++);
	}
}

/* What we have to fetch: what differs and does not wait already. */
static enum err
load_compare(struct load *load, struct why *why)
{
	struct snapshot *newest = store_newest(load->settings.store);
	struct setsum nothing = {{0}};
	const struct index *index = &load->index;
	bool *differs = mem_new(index->count);
	enum err err = ERR_OK;
	uint32_t i;

	memset(differs, true, index->count);
	if (memcmp(&load->order.state.sum, &nothing, sizeof(nothing)) != 0)
		err = survey_compare(newest, index, &load->stopping, differs);
	if (err != ERR_OK)
		why_set(why, err, "the walk ended: %s", err_name(err));
	load->wanted = mem_new(index->count * sizeof(*load->wanted));
	load->wanted_count = 0;
	for (i = 0; i < index->count; i++)
		if (differs[i] && !staging_has(load->staging, i))
			load->wanted[load->wanted_count++] = i;
	mem_free(differs);
	snapshot_release(newest);
	return err;
}

static void
load_begin_chunks(struct load *load)
{
	struct staging_mark mark = {.position = load->index.head.position,
	    .index = load->index.digest,
	    .base = load->order.state.chain};
	struct why why = {""};
	enum err err = staging_begin(load->staging, &mark, &why);

	if (err == ERR_OK)
		err = load_compare(load, &why);
	if (err != ERR_OK) {
		load_fail(load, &why);
		return;
	}
	log_info("load.begin",
	    "peer=%s stream=%s position=%llu records=%llu chunks=%u fetch=%u",
	    load->order.peer, load_stream(load),
	    (unsigned long long)load->index.head.position,
	    (unsigned long long)load->index.head.records, load->index.count,
	    load->wanted_count);
	load->fill =
	    fill_new(load->settings.store, load->staging, &load->index);
	load->phase = PHASE_CHUNKS;
	load->asked = load->done = 0;
	if (load->wanted_count == 0)
		load_end(load);
	else
		load_pump(load);
}

/* At our own position it must be our own history. */
static bool
load_is_fork(const struct load *load)
{
	const struct chain *ours = &load->order.state.chain;
	struct digest head = batch_header_hash(&load->index.header);

	return load->index.head.position == ours->position &&
	       !digest_equal(&head, &ours->head);
}

static void
load_on_page(struct load *load, struct span page)
{
	struct why why = {""};
	enum err err = index_add_page(&load->index, load->opener, page, &why);

	if (err == ERR_SEEN)
		return;
	if (err == ERR_OK && load_is_fork(load))
		err = why_set(&why, ERR_CONFLICT, "another history");
	if (err != ERR_OK)
		load_lied(load, "index", &why);
	else if (load->index.head.position < load->order.least)
		load_finish(load, LOAD_LATER);
	else if (index_is_whole(&load->index))
		load_begin_chunks(load);
	else
		load_ask_page(load);
}

/* The next one in turn is here: check it and write it down. */
static enum err
load_take(struct load *load, struct slot *slot, struct why *why)
{
	struct arena *arena = arena_new();
	uint32_t number = load->wanted[load->done];
	struct image_bounds bounds = index_bounds(&load->index, number);
	struct record *records;
	enum err err = image_open_chunk(buf_span(&slot->body),
	    &load->index.entries[number], &bounds, arena, &records);

	if (err != ERR_OK)
		err = why_set(why, ERR_INVALID,
		    "chunk %u is not what the index says", number);
	else
		err = fill_chunk(load->fill, number, records, why);
	arena_free(arena);
	slot->come = false;
	buf_reset(&slot->body);
	load->done++;
	return err;
}

static void
load_drain(struct load *load)
{
	struct why why = {""};
	enum err err = ERR_OK;

	while (err == ERR_OK && load->done < load->asked &&
	       load->window[load->done % WINDOW].come &&
	       !atomic_load(&load->stopping))
		err = load_take(load, &load->window[load->done % WINDOW], &why);
	if (err == ERR_INVALID)
		load_lied(load, "chunk", &why);
	else if (err != ERR_OK)
		load_fail(load, &why);
	else if (load->done == load->wanted_count)
		load_end(load);
	else
		load_pump(load);
}

static void
load_on_chunk(struct load *load, const struct reply *reply, struct slot *slot,
    struct arena *arena)
{
	size_t at = (size_t)(slot - load->window);
	uint32_t place = load->done;
	struct image_chunk chunk;
	struct why why = {""};

	while (place % WINDOW != at)
		place++;
	if (image_unpack_chunk(reply->image, arena, &chunk) != ERR_OK ||
	    strcmp(chunk.stream, load_stream(load)) != 0 ||
	    chunk.position != load->index.head.position ||
	    chunk.number != load->wanted[place]) {
		why_set(&why, ERR_INVALID, "not the chunk that was asked for");
		load_lied(load, "chunk", &why);
		return;
	}
	buf_reset(&slot->body);
	buf_add(&slot->body, chunk.body.ptr, chunk.body.len);
	slot->come = true;
	load_drain(load);
}

/* What waits of an image that is gone is of no use. */
static void
load_on_refusal(struct load *load, struct span reason)
{
	if (span_is(reason, "preparing")) {
		load_finish(load, LOAD_PREPARING);
	} else if (span_is(reason, "gone")) {
		staging_clear(load->staging);
		load_finish(load, LOAD_PREPARING);
	} else {
		log_warn("load.refused", "peer=%s stream=%s reason=%.*s",
		    load->order.peer, load_stream(load), (int)reason.len,
		    reason.ptr);
		load_finish(load, LOAD_REFUSED);
	}
}

/* The request that this answers; NULL: nobody waits. */
static struct slot *
load_find_slot(struct load *load, uint64_t ticket)
{
	size_t i;

	if (load->phase == PHASE_INDEX)
		return load->page.ticket == ticket ? &load->page : NULL;
	for (i = 0; i < WINDOW && load->phase == PHASE_CHUNKS; i++)
		if (load->window[i].ticket == ticket)
			return &load->window[i];
	return NULL;
}

static void
load_answer(struct load *load, struct span message)
{
	struct arena *arena = arena_new();
	struct slot *slot = NULL;
	struct reply reply;

	if (unpack_reply(message, arena, &reply) == ERR_OK)
		slot = load_find_slot(load, reply.ticket);
	if (slot != NULL) {
		load->heard_us = clock_tick_us();
		slot->ticket = 0;
		if (reply.kind == REPLY_REFUSAL)
			load_on_refusal(load, reply.reason);
		else if (reply.kind == REPLY_SNAPSHOT && slot == &load->page)
			load_on_page(load, reply.image);
		else if (reply.kind == REPLY_CHUNK && slot != &load->page)
			load_on_chunk(load, &reply, slot, arena);
		else
			load_on_refusal(load, span_of("invalid"));
	}
	arena_free(arena);
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
		if (!load->window[i % WINDOW].come &&
		    now_us - load->window[i % WINDOW].asked_us > RETRY_US)
			load_ask_chunk(load, i);
	if (load->phase == PHASE_CHUNKS)
		load_pump(load);
}

struct load *
load_new(const struct load_settings *settings)
{
	struct load *load = mem_new(sizeof(*load));

	load->settings = *settings;
	load->opener = opener_new(settings->batch_key);
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
