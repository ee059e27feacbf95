/*
 * slice: some rows of a job, answered as questions are.
 *
 * A written line is "-", or the consent under which protected fields are in it,
 * a TAB, and the JSON that is told.
 */
#include "node/slice.h"

#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "credit/report.h"
#include "node/control.h"
#include "node/filings.h"
#include "node/world.h"

#define WAIT_MAX_S 60

/* One row and what is said of it. */
struct piece {
	struct slice *slice;
	uint64_t number;
	struct question question;
	struct consent consent; /* the permit borrows it */
	struct permit permit;
	struct access access;
	struct asking asking;
	struct standpoint standpoint;
	char stream[STREAM_LEN + 1];
	struct report *report; /* NULL: the body is a problem */
	struct buf body;
	int status;
	bool is_spent, is_logged;
	enum err err; /* of the trail */
	struct trail_receipt receipt;
};

struct slice {
	struct node *node;
	const struct job_head *head;
	const struct world *world;
	struct snapshot *snapshot;
	struct stream_state control;
	bool fresh;
	struct piece *pieces;
	size_t count;
	atomic_size_t pending;
	void (*done)(void *context);
	void *context;
};

struct slice *
slice_new(struct node *node, const struct job_head *head,
    void (*done)(void *context), void *context)
{
	struct slice *slice = mem_new(sizeof(*slice));

	slice->node = node;
	slice->head = head;
	slice->done = done;
	slice->context = context;
	slice->world = shared_hold(node->world);
	slice->snapshot = store_snapshot(node->store);
	slice->fresh = snapshot_stream(slice->snapshot, STREAM_CONTROL,
			   &slice->control, NULL) == ERR_OK &&
		       !slice->control.half &&
		       node_is_fresh(node, slice->control.chain.position);
	slice->pieces = mem_new(SLICE_ROWS * sizeof(*slice->pieces));
	return slice;
}

static void
piece_empty(struct piece *piece)
{
	report_free(piece->report);
	piece->report = NULL;
	buf_reset(&piece->body);
}

void
slice_free(struct slice *slice)
{
	size_t i;

	if (slice == NULL)
		return;
	for (i = 0; i < slice->count; i++) {
		piece_empty(&slice->pieces[i]);
		buf_release(&slice->pieces[i].body);
	}
	snapshot_release(slice->snapshot);
	shared_drop(slice->node->world, slice->world);
	mem_free(slice->pieces);
	mem_free(slice);
}

size_t
slice_count(const struct slice *slice)
{
	return slice->count;
}

/* A job leaves half of the pace to its member's other questions. */
static enum err
take_allowance(
    struct slice *slice, const struct question *question, unsigned *wait_ms)
{
	struct ask ask = {.limits = catalog_limits(slice->world->catalog),
	    .code = slice->head->member,
	    .purpose = question->purpose,
	    .subject = question->subject,
	    .time_us = clock_now_us(),
	    .tick_us = clock_tick_us()};
	struct allowance allowance = {0};
	uint32_t wait_s;

	*wait_ms = 0;
	if (ask.limits == NULL)
		return ERR_OK;
	ask.member = world_find(slice->world, ask.code);
	limiter_take(slice->node->limiter, &ask, &allowance);
	if (allowance.verdict != PERMIT_ALLOWED) {
		wait_s = allowance.retry_s < WAIT_MAX_S ? allowance.retry_s
							: WAIT_MAX_S;
		*wait_ms = wait_s > 0 ? wait_s * 1000 : 100;
		return ERR_BUSY;
	}
	if (allowance.rule != NULL && allowance.rule->burst > 0 &&
	    allowance.left[ALLOWANCE_RATE] < allowance.rule->burst / 2)
		*wait_ms = 100;
	return ERR_OK;
}

/* Into `consent` goes what the permit borrows.
 * `piece` NULL: it was decided before, and only its consent may have gone. */
static void
decide(struct slice *slice, const struct question *question,
    const struct piece *piece, struct consent *consent, struct permit *permit)
{
	struct circumstances around = {.catalog = slice->world->catalog,
	    .stream = piece != NULL ? piece->stream : NULL,
	    .member = world_find(slice->world, slice->head->member),
	    .platform = slice->world->self,
	    .is_spent = piece != NULL && piece->is_spent,
	    .now_us = node_hub_time(slice->node),
	    .lease_fresh = slice->fresh};

	if (question->consent[0] != '\0' &&
	    control_find_consent(
		slice->snapshot, question->consent, consent, NULL) == ERR_OK)
		around.consent = consent;
	permit_decide(question, &around, permit);
}

/* As for one question: withdrawn records and streams that are another's do not
 * tell where the subject is. */
static void
on_record(void *context, const struct stored *stored)
{
	struct piece *piece = context;
	struct stream_state state;

	if (stored->record.state == RECORD_WITHDRAWN ||
	    !world_holds(piece->slice->world, stored->stream))
		return;
	if (piece->stream[0] == '\0') {
		memcpy(piece->stream, stored->stream, sizeof(piece->stream));
		piece->err = snapshot_stream(
		    piece->slice->snapshot, piece->stream, &state, NULL);
		piece->standpoint.position = state.chain.position;
	}
	if (piece->report != NULL)
		filings_report(
		    piece->report, piece->slice->snapshot, &stored->record);
}

/* Into the report, if there is one; the stream is known in any case. */
static enum err
walk(struct piece *piece)
{
	struct record_reader reader = {.subject = piece->question.subject,
	    .each = on_record,
	    .context = piece};
	enum err err =
	    snapshot_each_record(piece->slice->snapshot, &reader, NULL);

	return err != ERR_OK ? err : piece->err;
}

static void
refuse(struct piece *piece, int status, const char *type)
{
	piece_empty(piece);
	piece->status = status;
	buf_print(&piece->body, "{\"type\":\"%s\"}", type);
	piece->access.item_count = 0;
	piece->access.authorised = false;
	piece->access.use = (struct use){0};
}

static enum err
read_report(struct piece *piece)
{
	struct slice *slice = piece->slice;
	const struct member *member =
	    world_find(slice->world, slice->head->member);
	enum err err;

	piece->asking = (struct asking){.node = slice->node->code,
	    .is_sandbox = slice->node->is_sandbox,
	    .member = slice->head->member,
	    .name = member != NULL ? member->name : "",
	    .time_us = piece->access.time_us,
	    .catalogue = catalog_version(slice->world->catalog)};
	piece->standpoint.stream = piece->stream;
	piece->report = report_new(&piece->question, &piece->permit,
	    &piece->asking, &piece->standpoint, &piece->body);
	err = walk(piece);
	report_end_items(piece->report);
	return err;
}

static void
fill_access(struct piece *piece)
{
	const struct job_head *head = piece->slice->head;
	struct access *access = &piece->access;

	memset(access, 0, sizeof(*access));
	access->time_us = clock_now_us();
	snprintf(access->action, sizeof(access->action), "job");
	memcpy(access->member, head->member, sizeof(access->member));
	memcpy(access->certificate, head->certificate,
	    sizeof(access->certificate));
	access_fill(access, &piece->question, &piece->permit);
}

static enum err
compose(struct piece *piece)
{
	const struct member *member =
	    world_find(piece->slice->world, piece->slice->head->member);
	enum err err = ERR_OK;

	piece_empty(piece);
	piece->stream[0] = '\0';
	piece->err = ERR_OK;
	piece->status = 200;
	if (member != NULL && member_is_bound(member))
		err = walk(piece);
	if (err != ERR_OK)
		return err;
	decide(piece->slice, &piece->question, piece, &piece->consent,
	    &piece->permit);
	fill_access(piece);
	if (piece->permit.rule != PERMIT_ALLOWED) {
		refuse(piece, 403, permit_rule_name(piece->permit.rule));
		return ERR_OK;
	}
	err = read_report(piece);
	if (err == ERR_OK && piece->stream[0] == '\0')
		refuse(piece, 404, "subject_not_held");
	memcpy(piece->access.stream, piece->stream, sizeof(piece->stream));
	piece->access.position = piece->standpoint.position;
	return err;
}

enum err
slice_add(struct slice *slice, uint64_t number, const struct job_row *row,
    unsigned *wait_ms)
{
	struct piece *piece = &slice->pieces[slice->count];
	enum err err;

	*wait_ms = 1000;
	if (slice->world == NULL || slice->world->catalog == NULL)
		return ERR_BUSY;
	piece->slice = slice;
	piece->number = number;
	piece->question = slice->head->question;
	memcpy(piece->question.subject, row->subject, sizeof(row->subject));
	memcpy(piece->question.consent, row->consent, sizeof(row->consent));
	err = take_allowance(slice, &piece->question, wait_ms);
	if (err != ERR_OK)
		return err;
	slice->count++;
	return compose(piece);
}

static void
on_trail(void *context, enum err err, const struct trail_receipt *receipt)
{
	struct piece *piece = context;
	struct slice *slice = piece->slice;

	piece->err = err;
	piece->is_logged = err == ERR_OK;
	if (receipt != NULL)
		piece->receipt = *receipt;
	if (atomic_fetch_sub(&slice->pending, 1) == 1)
		slice->done(slice->context);
}

/* The slice is `done`'s as soon as the last one has been appended. */
void
slice_log(struct slice *slice)
{
	struct piece *waiting[SLICE_ROWS];
	struct trail *trail = slice->node->trail;
	size_t i, count = 0;

	for (i = 0; i < slice->count; i++)
		if (!slice->pieces[i].is_logged)
			waiting[count++] = &slice->pieces[i];
	atomic_store(&slice->pending, count);
	for (i = 0; i < count; i++) {
		waiting[i]->access.answer =
		    digest_of(buf_span(&waiting[i]->body));
		trail_append(trail, &waiting[i]->access, on_trail, waiting[i]);
	}
}

static void
end_body(struct piece *piece)
{
	char leaf[DIGEST_HEX_LEN + 1];

	if (piece->report != NULL) {
		report_end(piece->report, piece->receipt.index,
		    &piece->receipt.leaf, &piece->receipt.use);
		return;
	}
	piece->body.len--;
	buf_print(&piece->body,
	    ",\"receipt\":{\"index\":%llu,\"leaf_hash\":\"%s\"}}",
	    (unsigned long long)piece->receipt.index,
	    digest_print(&piece->receipt.leaf, leaf));
}

static void
print_line(struct piece *piece, struct buf *lines)
{
	bool guarded = piece->report != NULL && piece->permit.authorised;

	end_body(piece);
	buf_print(lines,
	    "%s\t{\"number\":%llu,\"subject\":\"%s\",\"status\":%d,"
	    "\"answer\":",
	    guarded ? piece->question.consent : "-",
	    (unsigned long long)piece->number, piece->question.subject,
	    piece->status);
	buf_add(lines, piece->body.data, piece->body.len);
	buf_text(lines, "}\n");
}

enum err
slice_end(struct slice *slice, struct buf *lines)
{
	enum err err = ERR_OK;
	size_t i;

	for (i = 0; i < slice->count; i++) {
		struct piece *piece = &slice->pieces[i];

		if (piece->is_logged)
			continue;
		if (piece->err != ERR_LIMIT)
			return ERR_IO;
		piece->is_spent = true;
		if (compose(piece) != ERR_OK)
			return ERR_IO;
		err = ERR_BUSY;
	}
	for (i = 0; err == ERR_OK && i < slice->count; i++)
		print_line(&slice->pieces[i], lines);
	return err;
}

/* Its beginning up to the status, which we printed ourselves. */
static void
withhold(struct span json, enum permit_rule rule, struct buf *out)
{
	static const char mark[] = ",\"status\":";
	const char *at = memmem(json.ptr, json.len, mark, sizeof(mark) - 1);

	buf_add(out, json.ptr, at != NULL ? (size_t)(at - json.ptr) : 0);
	buf_print(out, "%s\"status\":403,\"answer\":{\"type\":\"%s\"}}\n",
	    at != NULL ? "," : "{", permit_rule_name(rule));
}

static void
tell_line(struct slice *slice, struct span line, struct buf *out)
{
	const char *tab = memchr(line.ptr, '\t', line.len);
	struct question question = slice->head->question;
	struct consent consent;
	struct permit permit;
	struct span json;
	size_t len;

	if (tab == NULL)
		return;
	len = (size_t)(tab - line.ptr);
	json = span_make(tab + 1, line.len - len - 1);
	if (span_is(span_make(line.ptr, len), "-") || len > CONSENT_ID_MAX) {
		buf_add(out, json.ptr, json.len);
		return;
	}
	snprintf(question.consent, sizeof(question.consent), "%.*s", (int)len,
	    line.ptr);
	/* {"number":N,"subject":"CODE… */
	tab = memmem(json.ptr, json.len, "\"subject\":\"", 11);
	if (tab != NULL)
		memcpy(question.subject, tab + 11, USCC_LEN);
	decide(slice, &question, NULL, &consent, &permit);
	if (permit.rule == PERMIT_ALLOWED && permit.authorised)
		buf_add(out, json.ptr, json.len);
	else
		withhold(json,
		    permit.rule != PERMIT_ALLOWED ? permit.rule
						  : permit.consent_rule,
		    out);
}

enum err
slice_tell(struct node *node, const struct job_head *head, struct span lines,
    struct buf *out)
{
	const char *at = lines.ptr, *end, *next;
	struct slice *slice;
	bool ready;

	if (lines.len == 0)
		return ERR_OK;
	slice = slice_new(node, head, NULL, NULL);
	ready = slice->world != NULL && slice->world->catalog != NULL;
	end = lines.ptr + lines.len;
	while (ready && at < end) {
		next = memchr(at, '\n', (size_t)(end - at));
		if (next == NULL)
			break;
		tell_line(slice, span_make(at, (size_t)(next + 1 - at)), out);
		at = next + 1;
	}
	slice_free(slice);
	return ready ? ERR_OK : ERR_BUSY;
}
