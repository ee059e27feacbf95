/*
 * jobs: reports about many subjects, made beside everything else.
 */
#include "node/jobs.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/work.h"
#include "node/slice.h"

#define IDLE_MS 50
#define NICE 10
#define RETRY_US CLOCK_SECOND
#define TRIM_US (60 * CLOCK_SECOND)
#define CHUNK (256 << 10)

struct queued {
	struct job *job;
	int64_t next_us; /* monotonic: not before */
	bool is_doomed;
	struct queued *next;
};

struct jobs {
	struct jobs_settings settings;
	char folder[4096], spool[4200];
	struct worker *worker;
	struct queued *list;
	struct queued *at;   /* whose slice it is */
	struct slice *slice; /* NULL: none is under way */
	int64_t retry_us; /* monotonic: when to log it again; 0: it is logged */
	int64_t trim_us;
	bool stopped;
	struct metric *rows;
};

struct call {
	void (*run)(void *context);
	void *context;
};

void
jobs_run(struct jobs *jobs, void (*run)(void *context), void *context)
{
	struct call call = {run, context}, *job = mem_copy(&call, sizeof(call));

	if (!worker_post(jobs->worker, job, 0))
		mem_free(job);
}

const char *
jobs_spool_folder(const struct jobs *jobs)
{
	return jobs->spool;
}

uint64_t
jobs_subjects(const struct jobs *jobs)
{
	return jobs->settings.subjects;
}

static void
forget(struct jobs *jobs, struct queued *queued)
{
	struct queued **at = &jobs->list;

	while (*at != queued)
		at = &(*at)->next;
	*at = queued->next;
	job_remove(queued->job);
	mem_free(queued);
}

static void
drop_slice(struct jobs *jobs)
{
	struct queued *queued = jobs->at;

	slice_free(jobs->slice);
	jobs->slice = NULL;
	jobs->at = NULL;
	if (queued->is_doomed)
		forget(jobs, queued);
}

static void
finish(struct jobs *jobs, struct job *job)
{
	struct why why = {""};

	(void)jobs;
	job->head.finished_us = clock_now_us();
	if (job_finish(job, &why) != ERR_OK) {
		job->head.finished_us = 0;
		log_error("job.failed", "why=\"%s\"", why.text);
		return;
	}
	log_info("job.done", "job=%s member=%s subjects=%llu seconds=%lld",
	    job->head.id, job->head.member, (unsigned long long)job->head.total,
	    (long long)((job->head.finished_us - job->head.created_us) /
			CLOCK_SECOND));
}

static void
write_lines(struct jobs *jobs, struct buf *lines)
{
	struct job *job = jobs->at->job;
	size_t count = slice_count(jobs->slice);
	struct why why = {""};

	if (job_write(job, buf_span(lines), count, &why) != ERR_OK) {
		log_error("job.failed", "why=\"%s\"", why.text);
		jobs->at->next_us = clock_tick_us() + RETRY_US;
	} else {
		metric_add(jobs->rows, (int64_t)count);
		if (job->done == job->head.total)
			finish(jobs, job);
	}
	drop_slice(jobs);
}

static void pump(struct jobs *jobs);

static void
on_logged(void *context)
{
	struct jobs *jobs = context;
	struct buf lines = {0};
	enum err err;

	if (jobs->stopped)
		return;
	err = slice_end(jobs->slice, &lines);
	if (err == ERR_OK)
		write_lines(jobs, &lines);
	else if (err == ERR_BUSY)
		slice_log(jobs->slice);
	else
		jobs->retry_us = clock_tick_us() + RETRY_US;
	buf_release(&lines);
	pump(jobs);
}

/* On the trail thread. */
static void
on_done(void *context)
{
	jobs_run(context, on_logged, context);
}

/* Rows up to the end of a part; what has to wait says how long. */
static enum err
fill(struct jobs *jobs, struct job *job, unsigned *wait_ms)
{
	struct job_row row;
	uint64_t number = job->done + 1;
	enum err err = ERR_OK;

	*wait_ms = 0;
	while (err == ERR_OK && *wait_ms == 0 && number <= job->head.total &&
	       slice_count(jobs->slice) < SLICE_ROWS) {
		err = job_row(job, number, &row);
		if (err == ERR_OK)
			err = slice_add(jobs->slice, number, &row, wait_ms);
		if (err == ERR_OK && number++ % JOB_PART == 0)
			break;
	}
	return err == ERR_BUSY ? ERR_OK : err;
}

/* The first that may go on; then it is the last in the row. */
static struct queued *
choose(struct jobs *jobs)
{
	int64_t now_us = clock_tick_us();
	struct queued **at = &jobs->list, *chosen;

	while (*at != NULL &&
	       ((*at)->job->head.finished_us != 0 || (*at)->next_us > now_us))
		at = &(*at)->next;
	chosen = *at;
	if (chosen == NULL)
		return NULL;
	*at = chosen->next;
	chosen->next = NULL;
	while (*at != NULL)
		at = &(*at)->next;
	*at = chosen;
	return chosen;
}

static void
begin_slice(struct jobs *jobs, struct queued *queued)
{
	struct job *job = queued->job;
	unsigned wait_ms;
	enum err err;

	jobs->at = queued;
	jobs->slice = slice_new(jobs->settings.node, &job->head, on_done, jobs);
	err = fill(jobs, job, &wait_ms);
	if (err != ERR_OK) {
		log_error(
		    "job.failed", "job=%s err=%s", job->head.id, err_name(err));
		wait_ms = 1000;
	}
	queued->next_us = clock_tick_us() + (int64_t)wait_ms * 1000;
	if (err == ERR_OK && slice_count(jobs->slice) > 0)
		slice_log(jobs->slice);
	else
		drop_slice(jobs);
}

static void
pump(struct jobs *jobs)
{
	struct queued *queued;

	if (jobs->stopped)
		return;
	if (jobs->slice != NULL) {
		if (jobs->retry_us != 0 && clock_tick_us() > jobs->retry_us) {
			jobs->retry_us = 0;
			slice_log(jobs->slice);
		}
		return;
	}
	queued = choose(jobs);
	if (queued != NULL && queued->job->done == queued->job->head.total)
		finish(jobs, queued->job);
	else if (queued != NULL)
		begin_slice(jobs, queued);
}

static void
trim(struct jobs *jobs)
{
	int64_t before_us = clock_now_us() - jobs->settings.keep_us;
	struct queued *queued, *next;

	jobs->trim_us = clock_tick_us();
	for (queued = jobs->list; queued != NULL; queued = next) {
		next = queued->next;
		if (queued->job->head.finished_us != 0 &&
		    queued->job->head.finished_us < before_us)
			forget(jobs, queued);
	}
}

static void
on_idle(void *context)
{
	struct jobs *jobs = context;

	if (clock_tick_us() - jobs->trim_us > TRIM_US)
		trim(jobs);
	pump(jobs);
}

static void
on_call(void *context, void *job)
{
	struct call *call = job;

	call->run(call->context);
	mem_free(call);
	on_idle(context);
}

static struct queued *
add(struct jobs *jobs, struct job *job)
{
	struct queued *queued = mem_new(sizeof(*queued));

	queued->job = job;
	queued->next = jobs->list;
	jobs->list = queued;
	return queued;
}

static void
on_found(void *context, const char *id)
{
	struct jobs *jobs = context;
	struct why why = {""};
	struct job *job;
	enum err err = job_open(jobs->folder, id, &job, &why);

	if (err == ERR_OK)
		add(jobs, job);
	else if (err != ERR_MISSING)
		log_error("job.failed", "job=%s why=\"%s\"", id, why.text);
}

struct jobs *
jobs_open(const struct jobs_settings *settings, struct why *why)
{
	struct jobs *jobs = mem_new(sizeof(*jobs));

	jobs->settings = *settings;
	file_path(jobs->folder, sizeof(jobs->folder), settings->folder, "jobs");
	snprintf(jobs->spool, sizeof(jobs->spool), "%s/spool", jobs->folder);
	jobs->rows = metric_counter("rongxin_node_job_subjects_total", "",
	    "Subjects of jobs that were answered.");
	if (file_make_folder(jobs->folder, 0700, why) != ERR_OK ||
	    spool_clean(jobs->spool, why) != ERR_OK) {
		mem_free(jobs);
		return NULL;
	}
	job_each(jobs->folder, on_found, jobs);
	jobs->worker = worker_new("jobs", on_call, on_idle, IDLE_MS, jobs);
	worker_stay_behind(jobs->worker, NICE);
	return jobs;
}

static void
stop(void *context)
{
	((struct jobs *)context)->stopped = true;
}

void
jobs_stop(struct jobs *jobs)
{
	jobs_run(jobs, stop, jobs);
	worker_stop(jobs->worker);
}

void
jobs_close(struct jobs *jobs)
{
	struct queued *queued;

	if (jobs == NULL)
		return;
	worker_free(jobs->worker);
	slice_free(jobs->slice);
	while ((queued = jobs->list) != NULL) {
		jobs->list = queued->next;
		job_close(queued->job);
		mem_free(queued);
	}
	mem_free(jobs);
}

struct job *
jobs_find(struct jobs *jobs, const char *member, const char *id)
{
	struct queued *queued;

	for (queued = jobs->list; queued != NULL; queued = queued->next)
		if (!queued->is_doomed &&
		    strcmp(queued->job->head.id, id) == 0 &&
		    strcmp(queued->job->head.member, member) == 0)
			return queued->job;
	return NULL;
}

void
jobs_each(struct jobs *jobs, const char *member, jobs_fn each, void *context)
{
	struct queued *queued;

	for (queued = jobs->list; queued != NULL; queued = queued->next)
		if (!queued->is_doomed &&
		    strcmp(queued->job->head.member, member) == 0)
			each(context, queued->job);
}

void
jobs_remove(struct jobs *jobs, struct job *job)
{
	struct queued *queued = jobs->list;

	while (queued->job != job)
		queued = queued->next;
	queued->is_doomed = true;
	if (jobs->at != queued)
		forget(jobs, queued);
}

static enum err
read_list(struct job *job, struct spool *spool, struct job_list *list,
    struct why *why)
{
	struct buf chunk = {0};
	uint64_t offset = 0;
	size_t len = 1;
	enum err err = ERR_OK;

	while (err == ERR_OK && len > 0) {
		buf_reset(&chunk);
		err = spool_read(spool, offset, &chunk, CHUNK, &len);
		offset += len;
		if (err == ERR_OK && len > 0)
			err = job_list_feed(list, buf_span(&chunk), why);
		else if (err == ERR_OK)
			err = job_list_end(list, why);
		if (err == ERR_OK)
			err = job_add(job, buf_span(&list->rows));
		buf_reset(&list->rows);
	}
	buf_release(&chunk);
	return err;
}

static void
count_job(void *context, const struct job *job)
{
	(void)job;
	++*(unsigned *)context;
}

static void
name_job(struct job_head *head)
{
	uint8_t random[JOB_ID_LEN / 2];
	struct buf hex = {0};

	digest_random(random, sizeof(random));
	codec_hex(span_make(random, sizeof(random)), &hex);
	snprintf(head->id, sizeof(head->id), "%s", buf_cstr(&hex));
	buf_release(&hex);
}

enum err
jobs_take(struct jobs *jobs, struct job_head *head, struct spool *spool,
    struct why *why)
{
	struct job_list list = {.most = jobs->settings.subjects};
	unsigned count = 0;
	struct job *job;
	enum err err;

	jobs_each(jobs, head->member, count_job, &count);
	if (count >= jobs->settings.count)
		return ERR_BUSY;
	name_job(head);
	head->created_us = clock_now_us();
	job = job_new(jobs->folder, head, why);
	if (job == NULL)
		return ERR_IO;
	err = read_list(job, spool, &list, why);
	head->total = job->head.total = list.count;
	if (err == ERR_OK)
		err = job_keep(job, why);
	job_list_release(&list);
	if (err == ERR_OK)
		add(jobs, job);
	else
		job_remove(job);
	return err;
}
