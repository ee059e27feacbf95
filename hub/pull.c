/*
 * pull: rows of departments' exchange databases (前置库), fetched by the hub.
 */
#include "hub/pull.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/work.h"
#include "hub/frontdb.h"
#include "hub/handin.h"

#define TICK_MS 100
/* How soon transactions that are waited for are looked at again. */
#define SETTLE_MS 300
#define RETRY_MAX_SECONDS 60

/* What others may see of a source. */
struct pull_state {
	const char *state; /* idle, reading, waiting, failing */
	char code[FRONTDB_CODE_MAX];
	struct buf place; /* JSON */
	int64_t rows;
	int64_t tried_us, succeeded_us; /* 0: never */
};

/* One source.  But for `batch` in flight and `shown`, its thread's. */
struct puller {
	struct ingest_batch batch; /* first: ingest knows only this */
	struct pull *pull;
	const struct source *source;
	struct worker *worker;
	struct frontdb *frontdb;
	struct place place; /* as the ledger has it, when `placed` */
	bool placed;
	struct frontdb_page page; /* of the batch */
	bool flying;
	int64_t due_us;
	unsigned failures;
	struct pull_state state;
	struct shared *shown; /* a copy of it */
	struct metric *pulled, *failed, *up, *succeeded;
};

struct pull {
	struct hub *hub;
	char *conninfo;
	struct sources sources;
	atomic_bool stopping;
	struct puller *pullers;
	size_t count;
};

static void
state_free(void *object)
{
	struct pull_state *state = object;

	buf_release(&state->place);
	mem_free(state);
}

static void
show(struct puller *puller, const char *word)
{
	struct pull_state *copy;

	puller->state.state = word;
	copy = mem_copy(&puller->state, sizeof(puller->state));
	copy->place = (struct buf){0};
	copy->rows = puller->place.rows;
	place_print(&puller->place, &copy->place);
	shared_swap(puller->shown, copy);
}

static void
come_back_in(struct puller *puller, int64_t wait_us)
{
	puller->due_us = clock_tick_us() + wait_us;
}

/* Once a kind of failure: what goes on failing is seen in the metric. */
static void
tell_failure(struct puller *puller, const char *code)
{
	struct pull_state *state = &puller->state;
	int64_t seconds = INT64_C(1)
			  << (puller->failures < 6 ? puller->failures : 6);

	if (strcmp(state->code, code) != 0)
		log_warn("exchange.failed", "source=%s why=%s",
		    puller->source->name, code);
	snprintf(state->code, sizeof(state->code), "%s", code);
	metric_set(puller->up, 0);
	metric_add(puller->failed, 1);
	puller->failures++;
	if (seconds > RETRY_MAX_SECONDS)
		seconds = RETRY_MAX_SECONDS;
	come_back_in(puller, seconds * CLOCK_SECOND);
	show(puller, "failing");
}

static void
tell_success(struct puller *puller, const char *word)
{
	struct pull_state *state = &puller->state;

	if (state->code[0] != '\0')
		log_info("exchange.back", "source=%s", puller->source->name);
	state->code[0] = '\0';
	state->succeeded_us = clock_now_us();
	puller->failures = 0;
	metric_set(puller->up, 1);
	metric_set(puller->succeeded, state->succeeded_us / CLOCK_SECOND);
	show(puller, word);
}

static void
drop_batch(struct puller *puller)
{
	spool_close(puller->batch.spool);
	answer_release(&puller->batch.answer);
	place_release(&puller->page.to);
	puller->batch = (struct ingest_batch){.spool = NULL};
}

static void
give_up(struct puller *puller, const char *code)
{
	/* What we break off ourselves is no failure of theirs. */
	if (!atomic_load(&puller->pull->stopping))
		tell_failure(puller, code);
	drop_batch(puller);
}

/* What the ledger says counts; it is asked at the start and whenever the
 * fate of a batch is not known. */
static enum err
find_place(struct puller *puller)
{
	struct pg *pg;
	enum err err;

	if (puller->placed)
		return ERR_OK;
	pg = pg_open(puller->pull->conninfo, NULL, NULL);
	if (pg == NULL)
		return ERR_DATABASE;
	err = place_read(pg, puller->source, &puller->place);
	pg_close(pg);
	puller->placed = err == ERR_OK;
	return err;
}

/* In the transaction of the batch. */
static enum err
move_place(struct ingest_batch *batch, struct pg *pg)
{
	struct puller *puller = (struct puller *)batch;

	return place_move(
	    pg, puller->source, &puller->place, &puller->page.to, batch->id);
}

/* On an ingest thread.  When we are stopping, the ledger knows. */
static void
on_done(struct ingest_batch *batch)
{
	struct puller *puller = (struct puller *)batch;

	(void)worker_post(puller->worker, puller, 0);
}

/* NAME:FIRST-LAST:RANGE: which rows of the source, counted from the first
 * ever, and a digest of the places before and at the last one. */
static void
name_batch(struct puller *puller)
{
	const struct place *from = &puller->place, *to = &puller->page.to;
	char hex[DIGEST_HEX_LEN + 1];
	struct digest digest;
	struct buf range = {0};

	place_print(from, &range);
	place_print(to, &range);
	digest = digest_of(buf_span(&range));
	snprintf(puller->batch.id, sizeof(puller->batch.id),
	    "%s:%lld-%lld:%.16s", puller->source->name,
	    (long long)from->rows + 1, (long long)to->rows,
	    digest_print(&digest, hex));
	buf_release(&range);
}

/* May this department hand in this item now? */
static bool
describe(struct puller *puller)
{
	const struct source *source = puller->source;
	struct ingest_batch *batch = &puller->batch;
	const struct handin said = {.type = "application/x-ndjson"};

	strcpy(batch->provider, source->department);
	batch->item = source->item;
	batch->received_us = clock_now_us();
	batch->within = move_place;
	batch->done = on_done;
	return handin_check(puller->pull->hub, source->department, source->item,
		   &batch->answer) &&
	       handin_describe(&said, batch, &batch->answer);
}

static void
send_off(struct puller *puller)
{
	name_batch(puller);
	show(puller, "reading");
	puller->flying = true;
	if (ingest_post(puller->pull->hub->ingest, &puller->batch))
		return;
	puller->flying = false;
	give_up(puller, "busy");
}

/* Nothing to hand in: everything is read, or not all can be seen yet. */
static void
rest(struct puller *puller)
{
	bool waits = puller->page.waits;

	tell_success(puller, waits ? "waiting" : "idle");
	come_back_in(
	    puller, waits ? SETTLE_MS * 1000
			  : puller->source->every_seconds * CLOCK_SECOND);
	drop_batch(puller);
}

/* Ask where we are, read what comes behind it, hand it in. */
static void
read_on(struct puller *puller)
{
	struct ingest_batch *batch = &puller->batch;
	struct frontdb_page *page = &puller->page;
	enum err err;

	puller->state.tried_us = clock_now_us();
	if (!describe(puller)) {
		give_up(puller, batch->answer.problem);
		return;
	}
	err = find_place(puller);
	if (err != ERR_OK) {
		give_up(puller,
		    err == ERR_CONFLICT ? "source_changed" : "hub_database");
		return;
	}
	batch->spool = spool_open(puller->pull->hub->spool, NULL);
	if (batch->spool == NULL) {
		give_up(puller, "hub_disk");
		return;
	}
	err = frontdb_read(puller->frontdb, &puller->place, batch->spool, page);
	if (err != ERR_OK)
		give_up(puller, page->code);
	else if (page->count == 0)
		rest(puller);
	else
		send_off(puller);
}

/* The batch has come back. */
static void
land(struct puller *puller)
{
	const struct answer *answer = &puller->batch.answer;
	bool more = puller->page.more;

	puller->flying = false;
	if (answer->problem != NULL) {
		/* It may be in nevertheless: the ledger is asked. */
		puller->placed = false;
		give_up(puller,
		    answer->status >= 500 ? "hub_database" : answer->problem);
		return;
	}
	place_copy(&puller->place, &puller->page.to);
	metric_add(puller->pulled, (int64_t)puller->page.count);
	log_info("exchange.done", "source=%s rows=%zu", puller->source->name,
	    puller->page.count);
	tell_success(puller, more ? "reading" : "idle");
	come_back_in(
	    puller, more ? 0 : puller->source->every_seconds * CLOCK_SECOND);
	drop_batch(puller);
}

static void
tick(void *context)
{
	struct puller *puller = context;

	while (!puller->flying && !atomic_load(&puller->pull->stopping) &&
	       clock_tick_us() >= puller->due_us)
		read_on(puller);
}

/* The first job says that all is set up; the others are batches. */
static void
handle(void *context, void *job)
{
	struct puller *puller = context;

	if (job == puller)
		land(puller);
	else
		puller->due_us = 0;
	tick(puller);
}

static void
register_metrics(struct puller *puller)
{
	char label[64];

	snprintf(label, sizeof(label), "source=\"%s\"", puller->source->name);
	puller->pulled = metric_counter("rongxin_hub_exchange_rows_total",
	    label, "Rows pulled from exchange databases.");
	puller->failed = metric_counter("rongxin_hub_exchange_failures_total",
	    label, "Reads of exchange databases that failed.");
	puller->up = metric_gauge("rongxin_hub_exchange_up", label,
	    "Did the last read of this exchange database work?");
	puller->succeeded =
	    metric_gauge("rongxin_hub_exchange_success_seconds", label,
		"When a read of this exchange database last worked, seconds "
		"since 1970.");
}

static void
start(struct pull *pull, const struct source *source)
{
	struct puller *puller = &pull->pullers[pull->count++];
	char name[16];

	puller->pull = pull;
	puller->source = source;
	puller->due_us = INT64_MAX;
	puller->frontdb = frontdb_new(source, &pull->stopping);
	puller->shown = shared_new(state_free);
	show(puller, "idle");
	register_metrics(puller);
	snprintf(name, sizeof(name), "pull-%zu", pull->count);
	puller->worker = worker_new(name, handle, tick, TICK_MS, puller);
	(void)worker_post(puller->worker, pull, 0);
}

/* Passwords are in it. */
static enum err
read_sources(const char *path, struct sources *sources, struct why *why)
{
	struct buf text = {0};
	struct why inner = {0};
	struct stat status;
	enum err err;

	if (stat(path, &status) == 0 && (status.st_mode & 077) != 0)
		return why_set(why, ERR_DENIED,
		    "%s: others may read it (chmod 600)", path);
	err = file_read(path, SOURCES_TEXT_MAX, &text, why);
	if (err != ERR_OK)
		return err;
	err = sources_parse(buf_span(&text), sources, &inner);
	if (err != ERR_OK)
		err = why_set(why, err, "%s: %s", path, inner.text);
	explicit_bzero(text.data, text.len);
	buf_release(&text);
	return err;
}

struct pull *
pull_open(struct hub *hub, const char *conninfo, struct why *why)
{
	struct pull *pull = mem_new(sizeof(*pull));
	size_t i;

	pull->hub = hub;
	pull->conninfo = mem_text(conninfo);
	if (read_sources(hub->settings.exchange, &pull->sources, why) !=
	    ERR_OK) {
		pull_free(pull);
		return NULL;
	}
	pull->pullers =
	    mem_new((pull->sources.count + 1) * sizeof(*pull->pullers));
	for (i = 0; i < pull->sources.count; i++)
		start(pull, &pull->sources.list[i]);
	return pull;
}

void
pull_stop(struct pull *pull)
{
	size_t i;

	if (pull == NULL)
		return;
	atomic_store(&pull->stopping, true);
	for (i = 0; i < pull->count; i++)
		worker_stop(pull->pullers[i].worker);
}

void
pull_free(struct pull *pull)
{
	size_t i;

	if (pull == NULL)
		return;
	for (i = 0; i < pull->count; i++) {
		struct puller *puller = &pull->pullers[i];

		worker_free(puller->worker);
		drop_batch(puller);
		frontdb_free(puller->frontdb);
		place_release(&puller->place);
		shared_free(puller->shown);
	}
	mem_free(pull->pullers);
	mem_free(pull->conninfo);
	sources_release(&pull->sources);
	mem_free(pull);
}

static void
print_time(struct json_out *json, const char *name, int64_t time_us)
{
	char text[CLOCK_TEXT_MAX];

	if (time_us == 0)
		json_put_null(json, name);
	else
		json_put_cstr(json, name, clock_print(time_us, text));
}

static void
print_source(const struct source *source, const struct pull_state *state,
    struct json_out *json)
{
	json_open_object(json, NULL);
	json_put_cstr(json, "name", source->name);
	json_put_cstr(json, "provider", source->department);
	json_put_int(json, "item", source->item);
	json_put_cstr(json, "state", state->state);
	json_put_raw(json, "position", buf_span(&state->place));
	json_put_int(json, "rows", state->rows);
	print_time(json, "last_try", state->tried_us);
	print_time(json, "last_success", state->succeeded_us);
	if (state->code[0] == '\0')
		json_put_null(json, "error");
	else
		json_put_cstr(json, "error", state->code);
	json_close_object(json);
}

void
pull_print(struct pull *pull, const char *department, struct buf *out)
{
	struct json_out json = {.buf = out};
	size_t i;

	json_open_object(&json, NULL);
	json_open_array(&json, "sources");
	for (i = 0; pull != NULL && i < pull->count; i++) {
		struct puller *puller = &pull->pullers[i];
		const struct pull_state *state;

		if (department != NULL &&
		    strcmp(department, puller->source->department) != 0)
			continue;
		state = shared_hold(puller->shown);
		print_source(puller->source, state, &json);
		shared_drop(puller->shown, state);
	}
	json_close_array(&json);
	json_close_object(&json);
}
