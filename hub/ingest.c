/*
 * ingest: a handed-in file becomes records, findings and a receipt.
 *
 * The order is the promise: the id is claimed before anything is read, rows,
 * findings, change log and receipt go in with one commit, and nobody is told
 * of a receipt before it.
 */
#include "hub/ingest.h"

#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/work.h"
#include "hub/hold.h"
#include "hub/reading.h"
#include "hub/sequence.h"

#define WAITING_MAX 64
/* Between two attempts to interrupt a merge. */
#define INTERRUPT_MS 100

struct hand {
	struct ingest *ingest;
	struct worker *worker;
	struct ledger *ledger;
	struct findings *findings;
	struct old_numbers *numbers;
	struct quality *quality;
	_Atomic unsigned load; /* batches posted and not done */
};

struct ingest {
	struct shared *catalogue;
	struct hold_limits hold;
	struct inflate_limits limits;
	void (*committed)(void *context);
	void *context;
	struct hand *hands;
	unsigned count;
	atomic_bool stopping; /* what is being read is read no further */
	struct metric *batches, *refused, *merged, *unchanged, *rejected;
	struct metric *duration;
};

/* Counts of this batch's findings by rule, for the metrics. */
static void
count_findings(struct pg *pg, int64_t number)
{
	char label[128];
	size_t i;

	pg_exec(pg,
	    "SELECT rule, count(*) FROM finding WHERE batch = $1 GROUP BY rule",
	    pg_arg_int(number));
	for (i = 0; i < pg_rows(pg); i++) {
		struct span rule = pg_bytes(pg, i, 0);

		snprintf(label, sizeof(label), "rule=\"%.*s\"", (int)rule.len,
		    rule.ptr);
		metric_add(metric_counter("rongxin_hub_findings_total", label,
			       "Findings by rule."),
		    pg_int(pg, i, 1));
	}
}

static void
plan_merge(struct hand *hand, struct reading *reading)
{
	const struct ingest_batch *batch = reading->batch;
	const struct ledger_plan plan = {.catalog = reading->catalogue->catalog,
	    .item = batch->item,
	    .provider = batch->provider,
	    .full = batch->full,
	    .divisions = batch->divisions,
	    .was_held = batch->release,
	    .received_us = batch->received_us,
	    .again = reading_again,
	    .context = reading};

	ledger_set_plan(hand->ledger, &plan);
}

/* Write it, or keep it for an operator: as it came, and nothing of it
 * merged. */
static enum err
write_batch(struct hand *hand, struct ingest_batch *batch,
    struct receipt *receipt, struct ledger_outcome *outcome, int64_t number)
{
	const struct hold_limits *limits = &hand->ingest->hold;

	if (!batch->release)
		receipt->held = hold_reason(limits, outcome->set, receipt);
	if (receipt->held == NULL) {
		ledger_merge(hand->ledger, outcome);
		receipt->ranges = outcome->ranges;
		receipt->range_count = outcome->range_count;
		return ERR_OK;
	}
	receipt->state = "held";
	receipt->accepted = 0;
	receipt->unchanged = 0;
	ledger_give_up(hand->ledger);
	return hold_keep(
	    limits, ledger_pg(hand->ledger), batch, receipt, number);
}

/* What is now known of the rows, beside the records themselves. */
static void
keep_facts(struct hand *hand, const struct findings_batch *facts,
    const struct receipt *receipt)
{
	if (receipt->held != NULL) {
		findings_put_off(hand->findings);
		return;
	}
	findings_settle(hand->findings);
	quality_write(hand->quality, facts, receipt->received_us);
}

static const char past_sql[] =
    "SELECT count(c.line), count(d.line) FROM finding f"
    " LEFT JOIN change c ON c.line = f.line"
    " LEFT JOIN finding d ON d.batch = f.batch AND d.line = f.line"
    " AND d.rule = 'duplicate_key'"
    " WHERE f.batch = $1 AND f.rule = 'retention'";

/* A row whose years are over is rejected, whatever it took away. */
static void
count_rows(struct pg *pg, int64_t number, const struct reading *reading,
    const struct ledger_outcome *outcome, struct receipt *receipt)
{
	uint64_t took = 0, twice = 0;

	if (reading->past > 0) {
		pg_exec(pg, past_sql, pg_arg_int(number));
		took = pg_rows(pg) == 1 ? (uint64_t)pg_int(pg, 0, 0) : 0;
		twice = pg_rows(pg) == 1 ? (uint64_t)pg_int(pg, 0, 1) : 0;
	}
	receipt->full = reading->full;
	receipt->rows = reading->rows;
	receipt->accepted = outcome->changed - took;
	receipt->rejected =
	    reading->rejected + reading->past + outcome->duplicates - twice;
	/* Of the rows past their years neither those that took something away
	 * nor those that were duplicates are among the unchanged. */
	receipt->unchanged =
	    outcome->unchanged - (reading->past - took - twice);
	receipt->withdrawn = outcome->withdrawn;
}

/* Nothing is promised for a batch of which a row is nowhere. */
static enum err
check_rows(const struct pg *pg, const struct receipt *receipt)
{
	if (pg_has_failed(pg) || receipt_is_whole(receipt))
		return ERR_OK;
	log_error("ingest.lost",
	    "item=%u rows=%llu accepted=%llu unchanged=%llu rejected=%llu",
	    receipt->item, (unsigned long long)receipt->rows,
	    (unsigned long long)receipt->accepted,
	    (unsigned long long)receipt->unchanged,
	    (unsigned long long)receipt->rejected);
	return ERR_DATABASE;
}

/* Read, merge, count, keep the receipt; all inside the transaction. */
static enum err
merge_batch(struct hand *hand, struct ingest_batch *batch,
    const struct catalogue *catalogue, struct receipt *receipt, int64_t number)
{
	struct pg *pg = ledger_pg(hand->ledger);
	struct reading reading = {.ledger = hand->ledger,
	    .batch = batch,
	    .catalogue = catalogue,
	    .item = catalog_find_item(catalogue->catalog, batch->item),
	    .findings = hand->findings,
	    .numbers = hand->numbers,
	    .quality = hand->quality,
	    .provider = batch->provider,
	    .stop = &hand->ingest->stopping,
	    .now_us = clock_now_us(),
	    .full = batch->full};
	const struct findings_batch facts = {pg, number, batch->provider,
	    reading.item, catalog_version(catalogue->catalog)};
	struct ledger_outcome outcome;
	enum err err;

	if (reading.item == NULL) {
		answer_refuse(&batch->answer, 404, "item_unknown",
		    "item %u is not in the catalogue", batch->item);
		return ERR_MISSING;
	}
	plan_merge(hand, &reading);
	findings_begin(hand->findings, &facts);
	old_numbers_begin(hand->numbers, pg);
	quality_begin(hand->quality);
	err = reading_rows(&reading);
	if (err != ERR_OK)
		return err;
	ledger_prepare(hand->ledger, &outcome);
	count_rows(pg, number, &reading, &outcome, receipt);
	err = check_rows(pg, receipt);
	if (err == ERR_OK)
		err = write_batch(hand, batch, receipt, &outcome, number);
	if (err != ERR_OK)
		return ERR_DATABASE;
	keep_facts(hand, &facts, receipt);
	receipt->warned = receipt_count_warned(pg, number);
	count_findings(pg, number);
	receipt_print(receipt, &batch->answer.body);
	receipt_keep(pg, receipt, number, buf_span(&batch->answer.body));
	findings_keep(hand->findings);
	return ERR_OK;
}

/* A batch that nobody has handed in before: in its turn. */
static enum err
take_batch(struct hand *hand, struct ingest_batch *batch,
    const struct catalogue *catalogue, struct receipt *receipt)
{
	struct pg *pg = ledger_pg(hand->ledger);
	int64_t expected = 0;
	enum err err = ERR_OK;

	if (batch->sequence > 0)
		err = sequence_take(pg, batch->provider, batch->item,
		    batch->sequence, &expected);
	if (err == ERR_GAP || err == ERR_SEEN) {
		answer_refuse(&batch->answer, 409,
		    err == ERR_GAP ? "sequence_gap" : "sequence_seen",
		    "Batch-Sequence %lld is expected", (long long)expected);
		batch->answer.expected = expected;
		return ERR_CONFLICT;
	}
	if (err != ERR_OK)
		return err;
	return merge_batch(
	    hand, batch, catalogue, receipt, ledger_take_number(hand->ledger));
}

/* A batch that was held, let in: its findings are made again. */
static enum err
release_batch(struct hand *hand, struct ingest_batch *batch,
    const struct catalogue *catalogue, struct receipt *receipt)
{
	struct pg *pg = ledger_pg(hand->ledger);
	int64_t number = 0;
	enum err err =
	    hold_claim(&hand->ingest->hold, pg, batch, receipt, &number);

	if (err != ERR_OK)
		return err;
	ledger_set_number(hand->ledger, number);
	pg_exec(pg, "DELETE FROM finding WHERE batch = $1", pg_arg_int(number));
	hold_decide(pg, number, batch, "release");
	return merge_batch(hand, batch, catalogue, receipt, number);
}

/* Claim the id, then merge or give the first receipt again. */
static enum err
claim_batch(struct hand *hand, struct ingest_batch *batch,
    const struct catalogue *catalogue, struct receipt *receipt)
{
	enum err err = receipt_claim(
	    ledger_pg(hand->ledger), receipt, &batch->answer.body);

	if (err == ERR_CONFLICT)
		answer_refuse(&batch->answer, 409, "batch_conflict",
		    "batch id used before with other bytes");
	if (err == ERR_MISSING && batch->spool == NULL)
		answer_refuse(
		    &batch->answer, 404, "not_found", "nothing is held of it");
	else if (err == ERR_MISSING)
		err = take_batch(hand, batch, catalogue, receipt);
	return err;
}

static enum err
ingest_steps(struct hand *hand, struct ingest_batch *batch,
    const struct catalogue *catalogue, struct receipt *receipt)
{
	enum err err, ended, within = ERR_OK;

	ledger_begin(hand->ledger);
	if (batch->release)
		err = release_batch(hand, batch, catalogue, receipt);
	else
		err = claim_batch(hand, batch, catalogue, receipt);
	if (batch->within != NULL && (err == ERR_OK || err == ERR_SEEN))
		within = batch->within(batch, ledger_pg(hand->ledger));
	if (within != ERR_OK)
		err = ERR_DATABASE;
	ended = ledger_end(hand->ledger, err == ERR_OK || err == ERR_SEEN);
	if (ended != ERR_OK || err == ERR_DATABASE) {
		log_error("ingest.failed", "item=%u why=%s", batch->item,
		    ledger_why(hand->ledger));
		answer_refuse(&batch->answer, 503, "not_ready",
		    "the ledger could not take the batch; try again");
		return ERR_DATABASE;
	}
	if (batch->release && err == ERR_OK)
		spool_forget(batch->spool);
	return err;
}

static void
note_done(
    const struct ingest *ingest, const struct receipt *receipt, int64_t started)
{
	int64_t spent = clock_tick_us() - started;

	if (receipt->held != NULL)
		log_warn("hold.keep", "item=%u reason=%s share=%llu",
		    receipt->item, receipt->held,
		    (unsigned long long)receipt->share);
	metric_add(ingest->batches, 1);
	metric_add(ingest->merged, (int64_t)receipt->accepted);
	metric_add(ingest->unchanged, (int64_t)receipt->unchanged);
	metric_add(ingest->rejected, (int64_t)receipt->rejected);
	metric_observe_us(ingest->duration, spent);
	log_info("ingest.done",
	    "item=%u rows=%llu accepted=%llu unchanged=%llu rejected=%llu "
	    "warned=%llu streams=%zu ms=%lld",
	    receipt->item, (unsigned long long)receipt->rows,
	    (unsigned long long)receipt->accepted,
	    (unsigned long long)receipt->unchanged,
	    (unsigned long long)receipt->rejected,
	    (unsigned long long)receipt->warned, receipt->range_count,
	    (long long)(spent / 1000));
}

/* Digest and size of what was handed in, before a transaction begins. */
static enum err
measure(const struct ingest *ingest, struct ingest_batch *batch,
    struct receipt *receipt)
{
	const struct content_source source = {.spool = batch->spool,
	    .coding = batch->coding,
	    .limits = ingest->limits,
	    .stop = &ingest->stopping};
	struct spool *spool = batch->spool;
	struct why why = {0};
	enum err err = ERR_OK;

	if (spool == NULL) {
		receipt->digest = batch->digest;
	} else if (batch->coding == INFLATE_NONE && spool_has_digest(spool)) {
		receipt->digest = spool_digest(spool);
		receipt->size = spool_size(spool);
	} else {
		err = content_measure(
		    &source, &receipt->digest, &receipt->size, &why);
	}
	if (err == ERR_INVALID)
		answer_refuse(
		    &batch->answer, 400, "batch_unreadable", "%s", why.text);
	else if (err == ERR_CLOSED)
		answer_refuse_stopping(&batch->answer);
	else if (err != ERR_OK)
		answer_fail(&batch->answer, err, why.text);
	if (err != ERR_OK || !batch->promised ||
	    digest_equal(&receipt->digest, &batch->digest))
		return err;
	answer_refuse(&batch->answer, 409, "digest_mismatch",
	    "the bytes that came are not those of the digest");
	return ERR_CONFLICT;
}

static void
handle(void *context, void *argument)
{
	struct hand *hand = context;
	struct ingest *ingest = hand->ingest;
	struct ingest_batch *batch = argument;
	const struct catalogue *catalogue = shared_hold(ingest->catalogue);
	struct receipt receipt = {.provider = batch->provider,
	    .item = batch->item,
	    .id = batch->id,
	    .received_us = batch->received_us};
	int64_t started = clock_tick_us();
	enum err err = ERR_MISSING;

	batch->answer.status = 200;
	if (catalogue == NULL)
		answer_refuse(&batch->answer, 503, "not_ready",
		    "no catalogue has been loaded yet");
	else
		err = measure(ingest, batch, &receipt);
	if (err == ERR_OK)
		err = ingest_steps(hand, batch, catalogue, &receipt);
	shared_drop(ingest->catalogue, catalogue);
	if (err == ERR_OK)
		note_done(ingest, &receipt, started);
	else if (err != ERR_SEEN)
		metric_add(ingest->refused, 1);
	if (err == ERR_OK && receipt.range_count > 0 &&
	    ingest->committed != NULL)
		ingest->committed(ingest->context);
	atomic_fetch_sub(&hand->load, 1);
	batch->done(batch);
}

static void
register_metrics(struct ingest *ingest)
{
	ingest->batches = metric_counter(
	    "rongxin_hub_batches_total", "", "Batches committed.");
	ingest->refused = metric_counter("rongxin_hub_batches_refused_total",
	    "", "Batches that could not be taken as a whole.");
	ingest->merged = metric_counter("rongxin_hub_rows_total",
	    "result=\"accepted\"", "Rows of committed batches.");
	ingest->unchanged = metric_counter("rongxin_hub_rows_total",
	    "result=\"unchanged\"", "Rows of committed batches.");
	ingest->rejected = metric_counter("rongxin_hub_rows_total",
	    "result=\"rejected\"", "Rows of committed batches.");
	ingest->duration = metric_histogram("rongxin_hub_batch_seconds", "",
	    "From the start of a batch's merge to its commit.");
}

struct ingest *
ingest_open(const struct ingest_settings *settings, struct why *why)
{
	struct ingest *ingest = mem_new(sizeof(*ingest));
	char name[32];
	unsigned i;

	ingest->catalogue = settings->catalogue;
	ingest->hold = *settings->hold;
	ingest->limits = settings->limits;
	ingest->committed = settings->committed;
	ingest->context = settings->context;
	ingest->hands = mem_new(settings->threads * sizeof(*ingest->hands));
	register_metrics(ingest);
	for (i = 0; i < settings->threads; i++) {
		struct hand *hand = &ingest->hands[i];

		hand->ingest = ingest;
		hand->ledger =
		    ledger_open(settings->conninfo, settings->batch_key, why);
		if (hand->ledger == NULL) {
			ingest_stop(ingest, 0);
			ingest_close(ingest);
			return NULL;
		}
		hand->findings = findings_new();
		hand->numbers = old_numbers_new();
		hand->quality = quality_new();
		snprintf(name, sizeof(name), "ingest-%u", i);
		hand->worker = worker_new(name, handle, NULL, 0, hand);
		ingest->count++;
	}
	return ingest;
}

/* It has not begun: its sender keeps it. */
static void
give_back(void *context, void *argument)
{
	struct ingest_batch *batch = argument;

	(void)context;
	answer_refuse_stopping(&batch->answer);
	batch->done(batch);
}

static void
interrupt(struct hand *hand)
{
	do
		pg_interrupt(ledger_pg(hand->ledger));
	while (!worker_ends_within(hand->worker, INTERRUPT_MS));
}

void
ingest_stop(struct ingest *ingest, unsigned grace_ms)
{
	int64_t deadline_us = clock_tick_us() + (int64_t)grace_ms * 1000, left;
	size_t returned = 0, interrupted = 0;
	unsigned i;

	if (ingest == NULL)
		return;
	for (i = 0; i < ingest->count; i++)
		returned +=
		    worker_recall(ingest->hands[i].worker, give_back, NULL);
	for (i = 0; i < ingest->count; i++) {
		left = (deadline_us - clock_tick_us()) / 1000;
		if (!worker_ends_within(ingest->hands[i].worker,
			left > 0 ? (unsigned)left : 0)) {
			atomic_store(&ingest->stopping, true);
			interrupt(&ingest->hands[i]);
			interrupted++;
		}
		worker_stop(ingest->hands[i].worker);
	}
	log_info("ingest.stop", "returned=%zu interrupted=%zu", returned,
	    interrupted);
}

void
ingest_close(struct ingest *ingest)
{
	unsigned i;

	if (ingest == NULL)
		return;
	for (i = 0; i < ingest->count; i++) {
		worker_free(ingest->hands[i].worker);
		ledger_close(ingest->hands[i].ledger);
		findings_free(ingest->hands[i].findings);
		old_numbers_free(ingest->hands[i].numbers);
		quality_free(ingest->hands[i].quality);
	}
	mem_free(ingest->hands);
	mem_free(ingest);
}

bool
ingest_post(struct ingest *ingest, struct ingest_batch *batch)
{
	struct hand *best = &ingest->hands[0];
	unsigned i;

	for (i = 1; i < ingest->count; i++)
		if (atomic_load(&ingest->hands[i].load) <
		    atomic_load(&best->load))
			best = &ingest->hands[i];
	atomic_fetch_add(&best->load, 1);
	if (worker_post(best->worker, batch, WAITING_MAX))
		return true;
	atomic_fetch_sub(&best->load, 1);
	return false;
}
