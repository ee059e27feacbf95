/*
 * corrections: who read what was corrected is told so.
 */
#include "node/corrections.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/metric.h"
#include "credit/informed.h"
#include "node/courier.h"
#include "node/filings.h"
#include "node/tree.h"

/* Not known yet. */
#define UNKNOWN UINT64_MAX
/* An answer from before the correction may still be on its way to the trail. */
#define GRACE_US (1 * CLOCK_SECOND)
#define RETRY_US (5 * CLOCK_SECOND)
/* The hub's times are looked through again from so much before the last. */
#define OVERLAP_US (3600 * CLOCK_SECOND)
#define ROUND_MAX 64

/* One objection that was right. */
struct correction {
	char id[CONSENT_ID_MAX + 1], subject[USCC_LEN + 1];
	uint32_t item;
	char stream[STREAM_LEN + 1];
	/* What was wrong came at `since` and `from`, and went at `until`; 0: it
	 * was withdrawn with the decision, at `ended`. */
	int64_t since_us, ended_us;
	uint64_t from, until;
	bool told;
	uint32_t members;
};

struct reading {
	char member[MEMBER_CODE_MAX + 1];
	uint64_t index;
	int64_t time_us;
};

struct corrections {
	struct corrections_settings settings;
	struct follow *follow;
	struct metric *informed;
	int64_t from_us, not_before_us, ready_us;
	uint64_t wanted; /* entries that the trail has to have published */
	/* What is due; the one at `at` is at work while `busy`. */
	struct correction list[ROUND_MAX];
	size_t count, at;
	bool busy;
	/* Of the one at work, another thread's until it is handed back. */
	struct reading *readings;
	size_t reading_count;
	enum err err;
	enum courier_outcome outcome;
};

struct corrections *
corrections_new(const struct corrections_settings *settings)
{
	struct corrections *corrections = mem_new(sizeof(*corrections));

	corrections->settings = *settings;
	corrections->informed =
	    metric_counter("rongxin_node_corrections_told_total", "",
		"Institutions told that a record they had read is corrected.");
	return corrections;
}

void
corrections_free(struct corrections *corrections)
{
	if (corrections == NULL)
		return;
	mem_free(corrections->readings);
	mem_free(corrections);
}

void
corrections_attach(struct corrections *corrections, struct follow *follow)
{
	corrections->follow = follow;
}

static int64_t
time_in(const struct json *object, const char *name)
{
	int64_t time_us = 0;

	if (clock_parse(json_text(json_find(object, name)), &time_us) != ERR_OK)
		return 0;
	return time_us;
}

static uint64_t
position_in(const struct json *object, const char *name)
{
	int64_t position = json_int(json_find(object, name), 0);

	return position > 0 ? (uint64_t)position : 0;
}

static bool
read_document(struct span text, struct correction *correction)
{
	struct json *document = json_parse(text, NULL);
	const struct json *wrong = json_find(document, "wrong");
	struct span place = json_text(json_find(document, "place"));
	int64_t item = json_int(json_find(document, "item"), 0);
	bool good = wrong != NULL && place.len == STREAM_LEN && item > 0 &&
		    item <= CATALOG_ITEM_MAX;

	if (good) {
		memcpy(correction->stream, place.ptr, STREAM_LEN);
		correction->item = (uint32_t)item;
		correction->since_us = time_in(wrong, "since");
		correction->from = position_in(wrong, "from");
		correction->until = position_in(wrong, "until");
		correction->ended_us = time_in(document, "ended");
	}
	json_free(document);
	return good;
}

/* False: stream 0000 does not say (any more) what there is to tell. */
static bool
find_correction(struct snapshot *snapshot, struct correction *correction)
{
	const struct record identity = {.item = CONTROL_OBJECTION,
	    .subject = span_of(correction->subject),
	    .key = span_of(correction->id)};
	struct arena *arena = arena_new();
	const struct record_field *document = NULL;
	struct stored stored;
	bool found;

	if (snapshot_find_record(
		snapshot, STREAM_CONTROL, &identity, arena, &stored) == ERR_OK)
		document = record_find(&stored.record, 1);
	found = document != NULL && read_document(document->value, correction);
	arena_free(arena);
	return found;
}

/* Does this node show what is right now?  Of a stream that it does not hold it
 * shows nothing. */
static bool
has_come(const struct corrections *corrections, struct snapshot *snapshot,
    const struct correction *correction)
{
	const struct world *world = shared_hold(corrections->settings.world);
	struct stream_state state;
	bool held = world != NULL && world_holds(world, correction->stream);
	bool come = world != NULL && !held;

	shared_drop(corrections->settings.world, world);
	if (held && snapshot_stream(
			snapshot, correction->stream, &state, NULL) == ERR_OK)
		come = correction->until > 0
			   ? state.chain.position >= correction->until
			   : state.committed_us >= correction->ended_us;
	return come;
}

/* One that stands corrected is named again each time that the hub says more of
 * it, such as how many were told elsewhere. */
static bool
is_listed(const struct corrections *corrections, struct span id)
{
	size_t i = 0;

	while (i < corrections->count && !span_is(id, corrections->list[i].id))
		i++;
	return i < corrections->count;
}

struct gathering {
	struct corrections *corrections;
	struct snapshot *snapshot;
	struct kv_view *view;
	int64_t until_us; /* all that the hub told before this is done */
	bool open;
};

static bool
gather_one(void *context, int64_t told_us, struct span id, struct span subject)
{
	struct gathering *gathering = context;
	struct corrections *corrections = gathering->corrections;
	struct correction *correction = &corrections->list[corrections->count];
	enum correction_phase phase;

	memset(correction, 0, sizeof(*correction));
	if (id.len > CONSENT_ID_MAX || subject.len != USCC_LEN ||
	    is_listed(corrections, id))
		return true;
	if (watchbook_correction(
		gathering->view, id, &phase, &correction->members) != ERR_OK)
		return false;
	if (!gathering->open)
		gathering->until_us = told_us;
	if (phase == CORRECTION_DONE)
		return true;
	memcpy(correction->id, id.ptr, id.len);
	memcpy(correction->subject, subject.ptr, subject.len);
	correction->told = phase == CORRECTION_TOLD;
	if (!correction->told &&
	    !find_correction(gathering->snapshot, correction))
		return true;
	gathering->open = true;
	if (correction->told ||
	    has_come(corrections, gathering->snapshot, correction))
		corrections->count++;
	return corrections->count < ROUND_MAX;
}

static void
gather(struct corrections *corrections)
{
	struct gathering gathering = {.corrections = corrections};

	corrections->count = corrections->at = 0;
	corrections->ready_us = clock_tick_us();
	corrections->wanted = UNKNOWN;
	gathering.snapshot = store_snapshot(corrections->settings.store);
	gathering.view = watchbook_view(corrections->settings.book);
	if (filings_each_corrected(gathering.snapshot, corrections->from_us,
		gather_one, &gathering) == ERR_OK &&
	    gathering.until_us > corrections->from_us + OVERLAP_US)
		corrections->from_us = gathering.until_us - OVERLAP_US;
	kv_view_close(gathering.view);
	snapshot_release(gathering.snapshot);
}

static void
put_off(struct corrections *corrections)
{
	corrections->count = corrections->at = 0;
	corrections->not_before_us = clock_tick_us() + RETRY_US;
}

/* A place in the stream says more than a time. */
static bool
was_wrong_then(const struct correction *correction, const struct access *access)
{
	if (strcmp(access->stream, correction->stream) != 0)
		return access->time_us >= correction->since_us;
	return access->position >= correction->from &&
	       (correction->until == 0 || access->position < correction->until);
}

static bool
is_reading(const struct correction *correction, const struct access *access)
{
	size_t i;

	if (access->via[0] != '\0' ||
	    strcmp(access->member, access->subject) == 0)
		return false;
	for (i = 0; i < access->item_count; i++)
		if (access->items[i] == correction->item)
			return was_wrong_then(correction, access);
	return false;
}

static void
note_reading(struct corrections *corrections, const struct seen *seen)
{
	const char *member = seen->access.member;
	struct reading *reading;
	size_t i = 0;

	while (i < corrections->reading_count &&
	       strcmp(corrections->readings[i].member, member) != 0)
		i++;
	if (i == corrections->reading_count) {
		corrections->readings =
		    mem_grow(corrections->readings, (i + 1) * sizeof(*reading));
		corrections->reading_count++;
	}
	reading = &corrections->readings[i];
	memcpy(reading->member, member, sizeof(reading->member));
	reading->index = seen->index;
	reading->time_us = seen->access.time_us;
}

static void finish(void *context);
static void on_page(
    void *context, enum err err, const struct accesses_page *page);

static void
ask_from(struct corrections *corrections, uint64_t index)
{
	struct accesses_question question = {
	    .limit = ACCESSES_LIMIT_MAX, .from = index};

	memcpy(question.subject, corrections->list[corrections->at].subject,
	    sizeof(question.subject));
	accesses_ask(
	    corrections->settings.accesses, &question, on_page, corrections);
}

/* On the accesses thread. */
static void
on_page(void *context, enum err err, const struct accesses_page *page)
{
	struct corrections *corrections = context;
	const struct correction *correction =
	    &corrections->list[corrections->at];
	size_t i;

	for (i = 0; err == ERR_OK && i < page->count; i++)
		if (is_reading(correction, &page->list[i].access))
			note_reading(corrections, &page->list[i]);
	if (err == ERR_OK && page->more) {
		ask_from(corrections, page->list[page->count - 1].index + 1);
		return;
	}
	corrections->err = err;
	corrections->settings.run(
	    corrections->settings.context, finish, corrections);
}

static void
look_up(struct corrections *corrections)
{
	corrections->reading_count = 0;
	corrections->busy = true;
	ask_from(corrections, 0);
}

static bool
is_institution(const struct corrections *corrections, const char *code)
{
	const struct world *world = shared_hold(corrections->settings.world);
	const struct member *member = world_find(world, code);
	bool is = member != NULL && member_is_institution(member);

	shared_drop(corrections->settings.world, world);
	return is;
}

static enum err
add_events(struct corrections *corrections, struct correction *correction,
    struct kv_write *write)
{
	struct event event = {.kind = CHANGE_CORRECTED,
	    .item = correction->item,
	    .position = correction->until,
	    .committed_us = correction->ended_us,
	    .subject = span_of(correction->subject),
	    .consent = span_of(""),
	    .watches = span_of("")};
	enum err err = ERR_OK;
	size_t i;

	memcpy(event.stream, correction->stream, sizeof(event.stream));
	correction->members = 0;
	for (i = 0; i < corrections->reading_count && err == ERR_OK; i++) {
		const struct reading *reading = &corrections->readings[i];

		if (!is_institution(corrections, reading->member))
			continue;
		event.read_index = reading->index;
		event.read_us = reading->time_us;
		err = watchbook_add(
		    corrections->settings.book, write, reading->member, &event);
		correction->members++;
	}
	return err;
}

/* Events are on disk before anybody hears of them. */
static enum err
write_events(struct corrections *corrections, struct correction *correction)
{
	struct watchbook *book = corrections->settings.book;
	struct kv_write *write = watchbook_begin(book);
	enum err err = add_events(corrections, correction, write);

	watchbook_put_correction(write, span_of(correction->id),
	    correction->members > 0 ? CORRECTION_TOLD : CORRECTION_DONE,
	    correction->members);
	if (err == ERR_OK)
		err = kv_write_end(write, true, NULL);
	else
		kv_write_cancel(write);
	if (err != ERR_OK)
		watchbook_forget(book);
	return err;
}

static void
finish(void *context)
{
	struct corrections *corrections = context;
	struct correction *correction = &corrections->list[corrections->at];
	size_t i;

	corrections->busy = false;
	if (corrections->err == ERR_OK)
		corrections->err = write_events(corrections, correction);
	if (corrections->err != ERR_OK) {
		log_error(
		    "corrections.failed", "err=%s", err_name(corrections->err));
		put_off(corrections);
		return;
	}
	log_info("corrections.told", "item=%u institutions=%u",
	    correction->item, correction->members);
	metric_add(corrections->informed, correction->members);
	for (i = 0; i < corrections->reading_count; i++)
		corrections->settings.told(corrections->settings.context,
		    corrections->readings[i].member);
	correction->told = true;
	if (correction->members == 0)
		corrections->at++;
	corrections_step(corrections);
}

static void
on_reported(void *context)
{
	struct corrections *corrections = context;
	const struct correction *correction =
	    &corrections->list[corrections->at];
	struct kv_write *write;

	corrections->busy = false;
	if (corrections->outcome != COURIER_KEPT) {
		put_off(corrections);
		return;
	}
	write = watchbook_begin(corrections->settings.book);
	watchbook_put_correction(write, span_of(correction->id),
	    CORRECTION_DONE, correction->members);
	/* Unsynced: said once more after a crash is no harm. */
	if (kv_write_end(write, false, NULL) != ERR_OK) {
		put_off(corrections);
		return;
	}
	corrections->at++;
	corrections_step(corrections);
}

/* On the follow thread. */
static void
on_kept(void *context, enum courier_outcome outcome)
{
	struct corrections *corrections = context;

	corrections->outcome = outcome;
	corrections->settings.run(
	    corrections->settings.context, on_reported, corrections);
}

static void
report(struct corrections *corrections)
{
	const struct correction *correction =
	    &corrections->list[corrections->at];
	struct informed informed = {.members = correction->members};
	struct letter *letter = mem_new(sizeof(*letter));

	memcpy(informed.objection, correction->id, sizeof(informed.objection));
	letter->kind = UPWARD_INFORMED;
	informed_print(&informed, &letter->document);
	letter->done = on_kept;
	letter->context = corrections;
	corrections->busy = true;
	follow_carry(corrections->follow, letter);
}

/* What was answered until the grace ended is under the checkpoint up to which
 * the index answers. */
static bool
is_readable(struct corrections *corrections, int64_t now_us)
{
	const struct trail *trail = corrections->settings.trail;

	if (now_us - corrections->ready_us < GRACE_US)
		return false;
	if (corrections->wanted == UNKNOWN)
		corrections->wanted = trail_size(trail);
	return tree_published(trail_tree(trail)) >= corrections->wanted;
}

void
corrections_step(struct corrections *corrections)
{
	int64_t now_us = clock_tick_us();

	if (corrections->busy || corrections->follow == NULL ||
	    now_us < corrections->not_before_us)
		return;
	if (corrections->at == corrections->count)
		gather(corrections);
	else if (corrections->list[corrections->at].told)
		report(corrections);
	else if (is_readable(corrections, now_us))
		look_up(corrections);
}
