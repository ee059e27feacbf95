/*
 * publish: what was committed goes out; who asks gets what is missing.
 */
#include "hub/publish.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/work.h"
#include "hub/fetch.h"
#include "hub/ledger.h"
#include "hub/pg.h"
#include "wire/pack.h"

/* Commits of other processes are noticed within this time. */
#define IDLE_MS 100
#define WAITING_MAX 4096
/* A stream that moved further, or more bytes than this in one round, is left
 * to be fetched: the pulse tells. */
#define LIVE_BATCHES 64
#define LIVE_BYTES (32 << 20)

struct publish {
	struct pg *pg;
	struct signer *signer;
	struct bus *bus;
	struct worker *worker;
	struct shared *members;
	struct gallery *gallery;
	struct stream_head *heads; /* as read last, ascending */
	size_t head_count;
	size_t live_bytes; /* sent in this round */
	int64_t pulsed_us; /* clock_tick_us of the last pulse */
	bool troubled;     /* the database failed when last asked */
	_Atomic bool wake_waits;
	struct buf packed; /* the pulse of last */
	struct buf live;
	struct metric *batches, *pulses, *fetches, *skipped, *lag;
};

struct publish_job {
	struct bus_route from;
	struct buf message; /* empty: look for changes … */
	void *news;         /* … or take this, of the gallery */
};

/* All heads, within the caller's transaction. */
static struct stream_head *
read_heads(struct pg *pg, size_t *count)
{
	struct stream_head *heads;
	size_t i;

	pg_query(pg, "SELECT stream, position, head FROM stream_state"
		     " WHERE position > 0 ORDER BY stream");
	*count = pg_rows(pg);
	heads = mem_new((*count + 1) * sizeof(*heads));
	for (i = 0; i < *count; i++) {
		struct span stream = pg_bytes(pg, i, 0);
		struct span head = pg_bytes(pg, i, 2);

		if (stream.len == STREAM_LEN)
			memcpy(heads[i].stream, stream.ptr, STREAM_LEN);
		heads[i].position = (uint64_t)pg_int(pg, i, 1);
		if (head.len == DIGEST_LEN)
			memcpy(heads[i].head.bytes, head.ptr, DIGEST_LEN);
	}
	return heads;
}

static void
send_live(struct publish *publish, const char *topic, enum live_kind kind,
    struct span packed)
{
	buf_reset(&publish->live);
	pack_live(kind, packed, &publish->live);
	bus_publish(publish->bus, topic, buf_span(&publish->live));
	publish->live_bytes += publish->live.len;
}

/* The batches of one stream that are new since `after`. */
static void
publish_stream(
    struct publish *publish, const struct stream_head *head, uint64_t after)
{
	struct pg *pg = publish->pg;
	int64_t now_us = clock_now_us();
	size_t i;

	if (publish->live_bytes > LIVE_BYTES) {
		metric_add(publish->skipped, 1);
		return;
	}
	pg_exec(pg,
	    "SELECT sealed, committed_at FROM change_log"
	    " WHERE stream = $1 AND first > $2 AND last <= $3"
	    " ORDER BY first LIMIT $4",
	    pg_arg_text(span_of(head->stream)), pg_arg_int((int64_t)after),
	    pg_arg_int((int64_t)head->position), pg_arg_int(LIVE_BATCHES));
	for (i = 0; i < pg_rows(pg); i++) {
		send_live(
		    publish, head->stream, LIVE_SEALED, pg_bytes(pg, i, 0));
		metric_add(publish->batches, 1);
		metric_observe_us(publish->lag, now_us - pg_time(pg, i, 1));
	}
}

/* Streams never go away, so both lists are in step. */
static void
publish_news(
    struct publish *publish, const struct stream_head *heads, size_t count)
{
	size_t old = 0;
	size_t i;

	publish->live_bytes = 0;
	for (i = 0; i < count; i++) {
		uint64_t after = 0;

		if (old < publish->head_count &&
		    strcmp(publish->heads[old].stream, heads[i].stream) == 0)
			after = publish->heads[old++].position;
		if (heads[i].position > after)
			publish_stream(publish, &heads[i], after);
	}
}

/* Read where the streams are and send what is new.  False: no database. */
static bool
look(struct publish *publish)
{
	struct pg *pg = publish->pg;
	struct stream_head *heads;
	size_t count;
	enum err err;

	atomic_store(&publish->wake_waits, false);
	pg_begin(pg);
	heads = read_heads(pg, &count);
	if (!pg_has_failed(pg))
		publish_news(publish, heads, count);
	err = pg_end(pg, true);
	if (err != ERR_OK) {
		if (!publish->troubled)
			log_error("publish.database", "why=%s", pg_why(pg));
		publish->troubled = true;
		mem_free(heads);
		return false;
	}
	publish->troubled = false;
	mem_free(publish->heads);
	publish->heads = heads;
	publish->head_count = count;
	return true;
}

static void
pulse(struct publish *publish)
{
	struct pulse pulse = {.hub_time_us = clock_now_us(),
	    .heads = publish->heads,
	    .head_count = publish->head_count};

	buf_reset(&publish->packed);
	if (pack_pulse(&pulse, publish->signer, &publish->packed) != ERR_OK) {
		buf_reset(&publish->packed);
		log_error("publish.pulse", "why=signature");
		return;
	}
	send_live(publish, "pulse", LIVE_PULSE, buf_span(&publish->packed));
	metric_add(publish->pulses, 1);
}

/* Once a second, however busy the thread is. */
static void
pulse_when_due(struct publish *publish)
{
	int64_t now = clock_tick_us();

	if (now - publish->pulsed_us < CLOCK_SECOND)
		return;
	publish->pulsed_us = now;
	if (look(publish))
		pulse(publish);
}

static void
on_idle(void *context)
{
	struct publish *publish = context;

	if (pg_take_notifications(publish->pg))
		(void)look(publish);
	pulse_when_due(publish);
}

static void
answer(struct publish *publish, const struct publish_job *job)
{
	const struct members *members = shared_hold(publish->members);
	const struct fetch_source source = {
	    publish->pg, members, publish->gallery, buf_span(&publish->packed)};
	struct arena *arena = arena_new();
	struct request request;
	struct buf reply = {0};

	metric_add(publish->fetches, 1);
	if (unpack_request(buf_span(&job->message), arena, &request) != ERR_OK)
		fetch_refuse(0, "invalid", &reply);
	else
		fetch_answer(&source, &job->from, &request, &reply);
	bus_reply(publish->bus, &job->from, buf_span(&reply));
	buf_release(&reply);
	arena_free(arena);
	shared_drop(publish->members, members);
}

static void
handle(void *context, void *argument)
{
	struct publish *publish = context;
	struct publish_job *job = argument;

	if (job->message.len > 0)
		answer(publish, job);
	else if (job->news != NULL)
		gallery_take(publish->gallery, job->news);
	else
		(void)look(publish);
	buf_release(&job->message);
	mem_free(job);
	pulse_when_due(publish);
}

static void
register_metrics(struct publish *publish)
{
	publish->batches = metric_counter(
	    "rongxin_hub_published_total", "", "Sealed batches sent live.");
	publish->skipped = metric_counter("rongxin_hub_publish_skipped_total",
	    "", "Streams left to be fetched, too much at once.");
	publish->pulses =
	    metric_counter("rongxin_hub_pulses_total", "", "Pulses sent.");
	publish->fetches = metric_counter("rongxin_hub_fetches_total", "",
	    "Requests of nodes for what goes down.");
	publish->lag = metric_histogram("rongxin_hub_publish_lag_seconds", "",
	    "From a batch's commit time to its live message.");
}

struct publish *
publish_open(const struct publish_settings *settings, struct why *why)
{
	struct publish *publish = mem_new(sizeof(*publish));

	publish->members = settings->members;
	register_metrics(publish);
	publish->signer = signer_open(settings->batch_key, why);
	if (publish->signer != NULL)
		publish->pg =
		    pg_open(settings->conninfo, "LISTEN " LEDGER_CHANNEL, why);
	if (publish->pg != NULL)
		publish->gallery = gallery_open(&settings->gallery, why);
	if (publish->gallery == NULL) {
		publish_close(publish);
		return NULL;
	}
	/* What is there already is fetched, not sent. */
	publish->heads = read_heads(publish->pg, &publish->head_count);
	return publish;
}

void
publish_close(struct publish *publish)
{
	if (publish == NULL)
		return;
	gallery_close(publish->gallery);
	pg_close(publish->pg);
	signer_free(publish->signer);
	worker_free(publish->worker);
	mem_free(publish->heads);
	buf_release(&publish->packed);
	buf_release(&publish->live);
	mem_free(publish);
}

/* On the gallery's thread; without a worker that takes it, the news is no
 * use to anybody. */
static void
on_made(void *context, void *news)
{
	struct publish *publish = context;
	struct publish_job *job = mem_new(sizeof(*job));

	job->news = news;
	if (worker_post(publish->worker, job, 0))
		return;
	mem_free(news);
	mem_free(job);
}

void
publish_start(struct publish *publish, struct bus *bus)
{
	publish->bus = bus;
	publish->worker =
	    worker_new("publish", handle, on_idle, IDLE_MS, publish);
	gallery_start(publish->gallery, on_made, publish);
}

void
publish_stop(struct publish *publish)
{
	gallery_stop(publish->gallery);
	worker_stop(publish->worker);
}

static bool
post(struct publish *publish, const struct bus_route *from, struct span message)
{
	struct publish_job *job = mem_new(sizeof(*job));

	if (from != NULL)
		job->from = *from;
	buf_add(&job->message, message.ptr, message.len);
	if (worker_post(publish->worker, job, WAITING_MAX))
		return true;
	buf_release(&job->message);
	mem_free(job);
	return false;
}

void
publish_wake(struct publish *publish)
{
	if (!atomic_exchange(&publish->wake_waits, true) &&
	    !post(publish, NULL, span_of(NULL)))
		atomic_store(&publish->wake_waits, false);
}

void
publish_request(
    struct publish *publish, const struct bus_route *from, struct span message)
{
	/* Without a reply the node asks again. */
	if (message.len > 0)
		(void)post(publish, from, message);
}
