/*
 * jobs_page: /v1/report-jobs, reports about many subjects.
 */
#include "node/jobs_page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "node/jobs.h"
#include "node/slice.h"
#include "node/watches_page.h"

/* Bytes of a list for each subject that it may have. */
#define ROW_BYTES 160
#define READ_BYTES (128 << 10)

/* A question about jobs, answered on their thread. */
struct visit {
	struct node *node;
	struct http_exchange *exchange;
	struct job_head head; /* id and member at least */
	struct spool *spool;  /* a list that was handed in … */
	struct buf pending;   /* … and what of it is not in the file yet */
	uint64_t got, most;
	bool writing, complete, cut, failed;
	/* Results. */
	uint64_t after, count, left;
	bool is_begun, is_busy;
	enum err err;
	struct why why;
	int status;
	struct buf body;
};

static struct visit *
visit_new(struct http_exchange *exchange, struct node *node)
{
	struct visit *visit = mem_new(sizeof(*visit));
	const char *id = http_path_param(exchange, "id");

	visit->node = node;
	visit->exchange = exchange;
	visit->status = 200;
	snprintf(visit->head.member, sizeof(visit->head.member), "%.*s",
	    MEMBER_CODE_MAX, http_peer(exchange)->code);
	snprintf(visit->head.id, sizeof(visit->head.id), "%.*s", JOB_ID_LEN,
	    strlen(id) == JOB_ID_LEN ? id : "");
	return visit;
}

static void
visit_free(struct visit *visit)
{
	spool_close(visit->spool);
	buf_release(&visit->pending);
	buf_release(&visit->body);
	mem_free(visit);
}

static void
reply_error(struct http_exchange *exchange, const struct visit *visit)
{
	if (visit->err == ERR_MISSING)
		http_reply_problem(
		    exchange, 404, "not_found", "There is no such job", NULL);
	else if (visit->err == ERR_INVALID)
		http_reply_problem(exchange, 400, "malformed",
		    "Not a list of subjects", visit->why.text);
	else if (visit->err == ERR_LIMIT)
		http_reply_problem(exchange, 413, "too_large",
		    "Too many subjects", visit->why.text);
	else if (visit->err == ERR_BUSY)
		http_reply_problem(exchange, 429, "jobs_full", "Too many jobs",
		    "Take their results and delete some.");
	else
		http_reply_problem(exchange, 503, "not_ready",
		    "The job could not be kept", NULL);
}

static void
visit_on_loop(struct http_exchange *exchange, void *argument)
{
	struct visit *visit = argument;

	if (visit->err == ERR_OK)
		http_reply(exchange, visit->status, "application/json",
		    buf_span(&visit->body));
	else
		reply_error(exchange, visit);
	visit_free(visit);
}

static void
visit_end(struct visit *visit)
{
	http_defer(visit->exchange, visit_on_loop, visit);
}

static void
put_job(const struct job *job, struct json_out *out)
{
	const struct job_head *head = &job->head;
	char time[CLOCK_TEXT_MAX];
	size_t i;

	json_open_object(out, NULL);
	json_put_cstr(out, "id", head->id);
	json_put_cstr(out, "purpose", purpose_name(head->question.purpose));
	json_open_array(out, "items");
	for (i = 0; i < head->question.item_count; i++)
		json_put_int(out, NULL, head->question.items[i]);
	json_close_array(out);
	json_put_int(out, "total", (int64_t)head->total);
	json_put_int(out, "done", (int64_t)job->done);
	json_put_cstr(
	    out, "state", head->finished_us != 0 ? "finished" : "running");
	json_put_cstr(out, "created", clock_print(head->created_us, time));
	if (head->finished_us != 0)
		json_put_cstr(
		    out, "finished", clock_print(head->finished_us, time));
	json_close_object(out);
}

static bool
read_items(const char *text, struct question *question)
{
	char *end;
	unsigned long item;

	while (text != NULL && *text != '\0') {
		errno = 0;
		item = strtoul(text, &end, 10);
		if (*text < '0' || *text > '9' || errno != 0 || item == 0 ||
		    item > CATALOG_ITEM_MAX ||
		    question->item_count == QUESTION_ITEMS_MAX ||
		    (question->item_count > 0 &&
			question->items[question->item_count - 1] >= item))
			return false;
		question->items[question->item_count++] = (uint32_t)item;
		text = end + (*end == ',');
		if (*end != ',' && *end != '\0')
			return false;
	}
	return true;
}

static bool
read_head(struct http_exchange *exchange, struct job_head *head)
{
	const char *purpose = http_query(exchange, "purpose");
	struct buf raw = {0};

	head->question.purpose =
	    purpose_parse(span_of(purpose != NULL ? purpose : ""));
	if (codec_parse_hex(span_of(http_peer(exchange)->fingerprint), &raw) &&
	    raw.len >= sizeof(head->certificate))
		memcpy(head->certificate, raw.data, sizeof(head->certificate));
	buf_release(&raw);
	return head->question.purpose != PURPOSE_NONE &&
	       read_items(http_query(exchange, "items"), &head->question);
}

bool
jobs_on_open(struct http_exchange *exchange, void *context)
{
	struct node *node = context;
	struct visit *visit;

	if (!watches_admit(exchange, node))
		return false;
	visit = visit_new(exchange, node);
	visit->most = jobs_subjects(node->jobs) * ROW_BYTES + ROW_BYTES;
	if (!read_head(exchange, &visit->head)) {
		http_reply_problem(exchange, 400, "malformed", "Malformed",
		    "purpose: why; items: numbers, ascending, with commas");
	} else if (room_is_short(node->room)) {
		http_reply_problem(exchange, 503, "disk_full",
		    "The disk is nearly full", NULL);
	} else {
		visit->spool =
		    spool_open(jobs_spool_folder(node->jobs), &visit->why);
		if (visit->spool != NULL) {
			http_set_state(exchange, visit, NULL);
			return true;
		}
		log_error("job.failed", "why=\"%s\"", visit->why.text);
		visit->err = ERR_IO;
		reply_error(exchange, visit);
	}
	visit_free(visit);
	return false;
}

/* On the jobs' thread. */
static void
take(void *context)
{
	struct visit *visit = context;
	struct jobs *jobs = visit->node->jobs;
	struct json_out out = {.buf = &visit->body};

	visit->err = jobs_take(jobs, &visit->head, visit->spool, &visit->why);
	visit->status = 201;
	if (visit->err == ERR_OK)
		put_job(
		    jobs_find(jobs, visit->head.member, visit->head.id), &out);
	visit_end(visit);
}

static void on_written(void *context, enum err err);

static void
write_pending(struct visit *visit)
{
	visit->writing = true;
	spool_write(visit->spool, http_loop(visit->exchange),
	    buf_span(&visit->pending), on_written, visit);
	buf_reset(&visit->pending);
}

static void
finish(struct visit *visit)
{
	if (visit->failed) {
		visit->err = ERR_IO;
		reply_error(visit->exchange, visit);
		visit_free(visit);
	} else {
		jobs_run(visit->node->jobs, take, visit);
	}
}

static void
on_written(void *context, enum err err)
{
	struct visit *visit = context;

	visit->writing = false;
	visit->failed = visit->failed || err != ERR_OK;
	if (visit->cut)
		visit_free(visit);
	else if (visit->pending.len > 0 && !visit->failed)
		write_pending(visit);
	else if (visit->complete)
		finish(visit);
	else
		http_resume(visit->exchange);
}

void
jobs_on_chunk(struct http_exchange *exchange, struct span piece, void *context)
{
	struct visit *visit = http_state(exchange);

	(void)context;
	visit->got += piece.len;
	if (visit->got > visit->most && !visit->writing) {
		visit->err = ERR_LIMIT;
		(void)why_set(&visit->why, ERR_LIMIT, "the list is too long");
		reply_error(exchange, visit);
		visit_free(visit);
		return;
	}
	buf_add(&visit->pending, piece.ptr, piece.len);
	if (visit->writing) {
		http_pause(exchange);
		return;
	}
	http_pause(exchange);
	write_pending(visit);
}

void
jobs_on_close(struct http_exchange *exchange, bool cut, void *context)
{
	struct visit *visit = http_state(exchange);

	(void)context;
	visit->complete = !cut;
	visit->cut = cut;
	if (visit->writing)
		return;
	if (cut)
		visit_free(visit);
	else
		finish(visit);
}

static void
list_job(void *context, const struct job *job)
{
	put_job(job, context);
}

static void
list(void *context)
{
	struct visit *visit = context;
	struct json_out out = {.buf = &visit->body};

	json_open_object(&out, NULL);
	json_open_array(&out, "jobs");
	jobs_each(visit->node->jobs, visit->head.member, list_job, &out);
	json_close_array(&out);
	json_close_object(&out);
	visit_end(visit);
}

static struct job *
find(struct visit *visit)
{
	struct job *job =
	    jobs_find(visit->node->jobs, visit->head.member, visit->head.id);

	visit->err = job != NULL ? ERR_OK : ERR_MISSING;
	return job;
}

static void
show(void *context)
{
	struct visit *visit = context;
	struct json_out out = {.buf = &visit->body};
	struct job *job = find(visit);

	if (job != NULL)
		put_job(job, &out);
	visit_end(visit);
}

static void delete (void *context)
{
	struct visit *visit = context;
	struct json_out out = {.buf = &visit->body};
	struct job *job = find(visit);

	if (job != NULL) {
		put_job(job, &out);
		jobs_remove(visit->node->jobs, job);
	}
	visit_end(visit);
}

static void
visit_post(struct http_exchange *exchange, struct node *node,
    void (*run)(void *context))
{
	if (watches_admit(exchange, node))
		jobs_run(node->jobs, run, visit_new(exchange, node));
}

void
jobs_on_list(struct http_exchange *exchange, void *context)
{
	visit_post(exchange, context, list);
}

void
jobs_on_get(struct http_exchange *exchange, void *context)
{
	visit_post(exchange, context, show);
}

void
jobs_on_delete(struct http_exchange *exchange, void *context)
{
	visit_post(exchange, context, delete);
}

static void read_on(void *context);

static void
results_end(struct visit *visit)
{
	http_end(visit->exchange);
	visit_free(visit);
}

static void
results_on_room(struct http_exchange *exchange, void *context)
{
	struct visit *visit = http_state(exchange);

	(void)context;
	if (visit->is_busy)
		return;
	if (http_is_over(exchange)) {
		results_end(visit);
		return;
	}
	visit->is_busy = true;
	jobs_run(visit->node->jobs, read_on, visit);
}

static void
results_on_loop(struct http_exchange *exchange, void *argument)
{
	struct visit *visit = argument;

	visit->is_busy = false;
	if (visit->err != ERR_OK && !visit->is_begun) {
		reply_error(exchange, visit);
		visit_free(visit);
		return;
	}
	if (!visit->is_begun) {
		visit->is_begun = true;
		http_set_state(exchange, visit, NULL);
		http_begin(
		    exchange, 200, "application/x-ndjson", results_on_room);
	}
	if (visit->err != ERR_OK || visit->count == 0 ||
	    http_is_over(exchange)) {
		results_end(visit);
		return;
	}
	visit->after += visit->count;
	visit->left -= visit->count;
	http_send(exchange, buf_span(&visit->body));
}

/* On the jobs' thread: some lines more. */
static void
read_on(void *context)
{
	struct visit *visit = context;
	struct job *job = find(visit);
	struct buf lines = {0};

	buf_reset(&visit->body);
	visit->count = visit->left;
	if (job != NULL)
		visit->err = job_read(
		    job, visit->after, READ_BYTES, &lines, &visit->count);
	if (visit->err == ERR_OK)
		visit->err = slice_tell(
		    visit->node, &job->head, buf_span(&lines), &visit->body);
	buf_release(&lines);
	http_defer(visit->exchange, results_on_loop, visit);
}

/* False: it is no number. */
static bool
query_number(struct http_exchange *exchange, const char *name, uint64_t *number)
{
	const char *text = http_query(exchange, name);
	char *end;

	if (text == NULL)
		return true;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
}

void
jobs_on_results(struct http_exchange *exchange, void *context)
{
	struct visit *visit;

	if (!watches_admit(exchange, context))
		return;
	visit = visit_new(exchange, context);
	visit->left = UINT64_MAX;
	if (!query_number(exchange, "after", &visit->after) ||
	    !query_number(exchange, "limit", &visit->left)) {
		http_reply_problem(exchange, 400, "malformed", "Malformed",
		    "after, limit: numbers of lines");
		visit_free(visit);
		return;
	}
	visit->is_busy = true;
	jobs_run(visit->node->jobs, read_on, visit);
}
