/*
 * trail: the append-only Merkle log of every question and permit.
 */
#include "node/trail.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/work.h"
#include "node/retention.h"
#include "node/trail_inner.h"
#include "wire/pack.h"

#define IDLE_MS 200
#define RETRY_US CLOCK_SECOND
#define PLANT_US (CLOCK_SECOND / 2)
#define WAITING_MAX 100000
#define KEEP_US (3600 * CLOCK_SECOND)

/* One allocation: it is made on one thread and freed on another. */
struct job {
	trail_entry_fn entry_done; /* NULL: it is appended */
	uint64_t index;            /* that is read */
	trail_done_fn done;
	void *context;
	struct use use; /* of this consent */
	char consent[CONSENT_ID_MAX + 1];
	size_t len;
	char packed[]; /* and room for the use */
};

static void
trail_set_ready(struct trail *trail, bool ready)
{
	atomic_store(&trail->ready, ready);
	metric_set(trail->ready_metric, trail_is_ready(trail));
}

/* From now on everything is refused, until trail_try says otherwise. */
static void
trail_fail(struct trail *trail, const struct why *why)
{
	if (atomic_load(&trail->ready) || trail->tried_us == 0)
		log_error("trail.failed", "why=\"%s\"", why->text);
	trail_set_ready(trail, false);
	entries_close(trail->entries);
	trail->entries = NULL;
	trail->tried_us = clock_tick_us();
}

static void
trail_try(struct trail *trail)
{
	struct why why = {""};

	if (trail_recover(trail, &why) != ERR_OK) {
		trail_fail(trail, &why);
		return;
	}
	/* The tree that was handed over has what waited for the one before. */
	trail->fresh_count = 0;
	trail->known = entries_count(trail->entries);
	atomic_store(&trail->size, trail->known);
	atomic_store(&trail->first, entries_first(trail->entries));
	trail->tried_us = clock_tick_us();
	trail->planted_us = trail->tried_us;
	trail_set_ready(trail, true);
	log_info(
	    "trail.open", "entries=%llu", (unsigned long long)trail->known);
}

static void
trail_keep_leaf(struct trail *trail, const struct entry *entry)
{
	if (trail->fresh_count == trail->fresh_size) {
		trail->fresh_size =
		    trail->fresh_size == 0 ? 256 : trail->fresh_size * 2;
		trail->fresh = mem_grow(
		    trail->fresh, trail->fresh_size * sizeof(*trail->fresh));
	}
	trail->fresh[trail->fresh_count++] =
	    (struct tree_leaf){entry->commitment, entry->leaf};
}

/* Not with each group: the tree's thread is woken twice a second. */
static void
trail_plant(struct trail *trail)
{
	if (trail->fresh_count == 0 ||
	    clock_tick_us() - trail->planted_us < PLANT_US)
		return;
	tree_add(trail->tree, trail->fresh, trail->fresh_count);
	trail->fresh = NULL;
	trail->fresh_count = trail->fresh_size = 0;
	trail->planted_us = clock_tick_us();
}

/* Once a second: is it still, or again, possible to write? */
static void
trail_check(struct trail *trail)
{
	struct why why = {""};

	if (clock_tick_us() - trail->tried_us < RETRY_US)
		return;
	trail->tried_us = clock_tick_us();
	if (entries_probe(trail->entries_folder, &why) != ERR_OK)
		trail_fail(trail, &why);
	else if (trail->entries == NULL)
		trail_try(trail);
	metric_set(trail->ready_metric, trail_is_ready(trail));
}

/* Once an hour: what is older than it need be goes. */
static void
trail_keep(struct trail *trail)
{
	const struct retention retention = {.folder = trail->entries_folder,
	    .days = trail->keep_days,
	    .entries = trail->entries,
	    .uses = trail->uses,
	    .witnessed = tree_witnessed(trail->tree)};
	int64_t now_us = clock_tick_us();
	struct why why = {""};

	if (trail->entries == NULL ||
	    (trail->kept_us != 0 && now_us - trail->kept_us < KEEP_US))
		return;
	trail->kept_us = now_us;
	if (retention_run(&retention, &why) != ERR_OK)
		log_error("trail.kept", "why=\"%s\"", why.text);
	atomic_store(&trail->first, entries_first(trail->entries));
}

static void
trail_on_idle(void *context)
{
	struct trail *trail = context;

	trail_plant(trail);
	trail_check(trail);
	trail_keep(trail);
}

static void
job_refuse(struct job *job, enum err err)
{
	job->done(job->context, err, NULL);
	mem_free(job);
}

static void
trail_refuse(struct job **jobs, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		job_refuse(jobs[i], ERR_IO);
	}
}

/* A loop is woken once for all that it asked. */
static void
trail_release(
    struct trail *trail, struct job **jobs, struct entry *list, size_t count)
{
	struct trail_receipt receipt;
	size_t i;

	mailbox_hold();
	for (i = 0; i < count; i++) {
		receipt.index = list[i].index;
		receipt.leaf = list[i].leaf;
		receipt.use = jobs[i]->use;
		jobs[i]->done(jobs[i]->context, ERR_OK, &receipt);
		mem_free(jobs[i]);
	}
	mailbox_send_held();
	for (i = 0; i < count; i++)
		trail_keep_leaf(trail, &list[i]);
}

/* One sync for all of them: on disk first, released after. */
static void
trail_append_group(struct trail *trail, struct job **jobs, size_t count)
{
	struct entry *list = mem_new(count * sizeof(*list));
	int64_t begun_us = clock_tick_us();
	struct why why = {""};
	enum err err;
	size_t i;

	for (i = 0; i < count; i++)
		list[i].bytes = span_make(jobs[i]->packed, jobs[i]->len);
	err = entries_append(trail->entries, list, count, &why);
	if (err != ERR_OK) {
		trail_fail(trail, &why);
		trail_refuse(jobs, count);
	} else {
		metric_observe_us(
		    trail->sync_metric, clock_tick_us() - begun_us);
		metric_add(trail->count_metric, (int64_t)count);
		trail->known += count;
		atomic_store(&trail->size, trail->known);
		trail_release(trail, jobs, list, count);
	}
	mem_free(list);
}

static enum err
trail_count_use(struct trail *trail, struct job *job)
{
	struct buf use = {0};
	enum err err;

	if (job->use.most == 0)
		return ERR_OK;
	err = uses_take(trail->uses, job->consent, &job->use);
	if (err != ERR_OK)
		return err;
	pack_access_use(&job->use, &use);
	assert(use.len <= ACCESS_USE_MAX);
	memcpy(job->packed + job->len, use.data, use.len);
	job->len += use.len;
	buf_release(&use);
	return ERR_OK;
}

/* Those that may be written move to the front, in order; how many they are.
 * What is counted here and not written is counted anew with the trail. */
static size_t
trail_count_uses(struct trail *trail, struct job **jobs, size_t count)
{
	size_t i, kept = 0;
	enum err err;

	for (i = 0; trail->entries != NULL && i < count; i++) {
		err = trail_count_use(trail, jobs[i]);
		if (err == ERR_OK)
			jobs[kept++] = jobs[i];
		else
			job_refuse(jobs[i], err);
	}
	return trail->entries != NULL ? kept : count;
}

static void
trail_append_all(struct trail *trail, struct job **jobs, size_t count)
{
	size_t group;

	count = trail_count_uses(trail, jobs, count);
	while (count > 0 && trail->entries != NULL) {
		group = entries_room(trail->entries);
		if (group > count)
			group = count;
		trail_append_group(trail, jobs, group);
		jobs += group;
		count -= group;
	}
	trail_refuse(jobs, count);
}

static void
trail_serve_entry(struct trail *trail, struct job *job)
{
	struct entry entry = {0};
	struct buf buf = {0};
	enum err err = ERR_IO;

	if (trail->entries != NULL)
		err = entries_read(trail->entries, job->index, &entry, &buf);
	job->entry_done(job->context, err, err == ERR_OK ? &entry : NULL);
	buf_release(&buf);
	mem_free(job);
}

/* Entries first: their answers wait for the disk. */
static void
trail_on_jobs(void *context, void **jobs, size_t count)
{
	struct trail *trail = context;
	struct job **sorted = mem_new(count * sizeof(*sorted));
	size_t front = 0, back = count, i;
	struct job *job;

	for (i = 0; i < count; i++) {
		job = jobs[i];
		if (job->entry_done == NULL)
			sorted[front++] = job;
		else
			sorted[--back] = job;
	}
	trail_check(trail);
	trail_append_all(trail, sorted, front);
	for (i = count; i > back; i--)
		trail_serve_entry(trail, sorted[i - 1]);
	mem_free(sorted);
	trail_plant(trail);
}

static void
trail_find_metrics(struct trail *trail)
{
	trail->count_metric = metric_counter("rongxin_trail_entries_total", "",
	    "Entries appended to the trail.");
	trail->sync_metric = metric_histogram("rongxin_trail_sync_seconds", "",
	    "Time to write and sync one group of entries.");
	trail->ready_metric = metric_gauge(
	    "rongxin_trail_ready", "", "1 while the trail can be written.");
	trail->verdict_metric = metric_gauge("rongxin_trail_refused", "",
	    "1: the hub says the trail is forked, 2: that it is short.");
}

struct trail *
trail_open(const struct trail_settings *settings)
{
	struct trail *trail = mem_new(sizeof(*trail));
	struct tree_settings tree = {trail->folder, settings->signer};

	snprintf(trail->folder, sizeof(trail->folder), "%s", settings->folder);
	snprintf(trail->node_code, sizeof(trail->node_code), "%s",
	    settings->node_code);
	file_path(trail->entries_folder, sizeof(trail->entries_folder),
	    settings->folder, "entries");
	trail->signer = settings->signer;
	trail->keep_days = settings->keep_days;
	trail->uses = uses_new();
	trail_find_metrics(trail);
	trail->tree = tree_new(&tree);
	trail_try(trail);
	tree_start(trail->tree);
	trail->worker = worker_new_batch(
	    "trail", trail_on_jobs, trail_on_idle, IDLE_MS, trail);
	worker_let_finish(trail->worker);
	return trail;
}

void
trail_close(struct trail *trail)
{
	if (trail == NULL)
		return;
	worker_stop(trail->worker);
	worker_free(trail->worker);
	trail->planted_us = 0;
	trail_plant(trail);
	tree_free(trail->tree);
	entries_close(trail->entries);
	uses_free(trail->uses);
	mem_free(trail->fresh);
	mem_free(trail);
}

bool
trail_is_ready(const struct trail *trail)
{
	return atomic_load(&trail->ready) && tree_is_ready(trail->tree);
}

uint64_t
trail_size(const struct trail *trail)
{
	return atomic_load(&trail->size);
}

uint64_t
trail_first(const struct trail *trail)
{
	return atomic_load(&trail->first);
}

struct tree *
trail_tree(const struct trail *trail)
{
	return trail->tree;
}

const char *
trail_entries_folder(const struct trail *trail)
{
	return trail->entries_folder;
}

static struct job *
job_new(const struct access *access)
{
	struct buf packed = {0};
	struct job *job;

	pack_access(access, &packed);
	assert(packed.len + ACCESS_USE_MAX <= ENTRY_MAX);
	job = mem_new(sizeof(*job) + packed.len + ACCESS_USE_MAX);
	job->use = access->use;
	memcpy(job->consent, access->consent, sizeof(job->consent));
	memcpy(job->packed, packed.data, packed.len);
	job->len = packed.len;
	buf_release(&packed);
	return job;
}

void
trail_append(struct trail *trail, const struct access *access,
    trail_done_fn done, void *context)
{
	struct job *job = job_new(access);

	job->done = done;
	job->context = context;
	if (!trail_is_ready(trail) ||
	    !worker_post(trail->worker, job, WAITING_MAX))
		job_refuse(job, ERR_IO);
}

void
trail_read(
    struct trail *trail, uint64_t index, trail_entry_fn done, void *context)
{
	struct job *job = mem_new(sizeof(*job));

	job->index = index;
	job->entry_done = done;
	job->context = context;
	if (!worker_post(trail->worker, job, WAITING_MAX)) {
		done(context, ERR_BUSY, NULL);
		mem_free(job);
	}
}

void
trail_set_verdict(struct trail *trail, enum trail_verdict verdict)
{
	metric_set(trail->verdict_metric, verdict);
	atomic_store(&trail->verdict, (int)verdict);
}

enum trail_verdict
trail_verdict(const struct trail *trail)
{
	return (enum trail_verdict)atomic_load(&trail->verdict);
}
