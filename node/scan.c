/*
 * scan: what the streams brought becomes events of those who watch.
 */
#include "node/scan.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "node/store_key.h"
#include "node/world.h"
#include "wire/seal.h"

/* Of one stream at a time, so that all get their turn. */
#define SLICE_BATCHES 16
#define SLICE_BYTES (4 << 20)
#define SLICE_SUBJECTS 1000
#define WATCHERS_MAX 4096
#define RETRY_US (5 * CLOCK_SECOND)

struct watcher {
	char member[MEMBER_CODE_MAX + 1], watch[WATCH_ID_MAX + 1];
	char consent[CONSENT_ID_MAX + 1];
};

/* What this write has changed already. */
struct fresh {
	char *key;
	size_t len;
	struct known known;
};

struct scan {
	struct scan_settings settings;
	struct opener *opener;
	struct arena *arena; /* of one batch */
	/* The watch that was looked at last; "": none. */
	char member[MEMBER_CODE_MAX + 1];
	struct watch watch;
	int64_t not_before_us;
	/* Of one slice. */
	const struct world *world;
	struct snapshot *snapshot;
	struct kv_view *view;
	struct kv_write *write;
	struct watcher *watchers;
	size_t watcher_count;
	struct fresh *fresh;
	size_t fresh_count, fresh_size;
	char (*told)[MEMBER_CODE_MAX + 1];
	size_t told_count, event_count;
	bool more;
	struct metric *events, *delay;
};

struct scan *
scan_new(const struct scan_settings *settings)
{
	struct scan *scan = mem_new(sizeof(*scan));

	scan->settings = *settings;
	scan->opener = opener_new(settings->keys);
	scan->arena = arena_new();
	scan->watchers = mem_new(WATCHERS_MAX * sizeof(*scan->watchers));
	scan->events = metric_counter(
	    "rongxin_node_events_total", "", "Events of watched subjects.");
	scan->delay = metric_histogram("rongxin_node_event_delay_seconds", "",
	    "From commit at the hub to an event that can be read here.");
	return scan;
}

void
scan_free(struct scan *scan)
{
	if (scan == NULL)
		return;
	opener_free(scan->opener);
	arena_free(scan->arena);
	mem_free(scan->watchers);
	mem_free(scan->fresh);
	mem_free(scan->told);
	mem_free(scan);
}

void
scan_renew(struct scan *scan)
{
	scan->member[0] = '\0';
	scan->not_before_us = 0;
}

static void
write_begin(struct scan *scan)
{
	scan->write = watchbook_begin(scan->settings.book);
	scan->view = watchbook_view(scan->settings.book);
	scan->fresh_count = scan->told_count = scan->event_count = 0;
	arena_reset(scan->arena);
}

/* Events are on disk before anybody hears of them. */
static enum err
write_end(struct scan *scan, enum err err, struct why *why)
{
	size_t i;

	kv_view_close(scan->view);
	scan->view = NULL;
	if (err == ERR_OK)
		err = kv_write_end(scan->write, scan->event_count > 0, why);
	else
		kv_write_cancel(scan->write);
	scan->write = NULL;
	if (err != ERR_OK) {
		watchbook_forget(scan->settings.book);
		return err;
	}
	metric_add(scan->events, (int64_t)scan->event_count);
	for (i = 0; i < scan->told_count; i++)
		scan->settings.told(scan->settings.context, scan->told[i]);
	return ERR_OK;
}

static void
note_told(struct scan *scan, const char *member)
{
	size_t i;

	scan->event_count++;
	for (i = 0; i < scan->told_count; i++)
		if (strcmp(scan->told[i], member) == 0)
			return;
	scan->told = mem_grow(scan->told, (i + 1) * sizeof(*scan->told));
	snprintf(scan->told[i], sizeof(scan->told[i]), "%s", member);
	scan->told_count++;
}

static struct known *
find_fresh(struct scan *scan, struct span key)
{
	size_t i;

	for (i = 0; i < scan->fresh_count; i++)
		if (span_equal(
			span_make(scan->fresh[i].key, scan->fresh[i].len), key))
			return &scan->fresh[i].known;
	return NULL;
}

static void
keep_fresh(struct scan *scan, struct span key, const struct known *known)
{
	struct known *seen = find_fresh(scan, key);
	struct fresh *fresh;

	if (seen != NULL) {
		*seen = *known;
		return;
	}
	if (scan->fresh_count == scan->fresh_size) {
		scan->fresh_size = scan->fresh_size * 2 + 64;
		scan->fresh = mem_grow(
		    scan->fresh, scan->fresh_size * sizeof(*scan->fresh));
	}
	fresh = &scan->fresh[scan->fresh_count++];
	fresh->key = arena_text(scan->arena, key.ptr, key.len);
	fresh->len = key.len;
	fresh->known = *known;
}

static void
on_watcher(
    void *context, const char *member, const char *watch, struct span consent)
{
	struct scan *scan = context;
	struct watcher *watcher;

	if (scan->watcher_count == WATCHERS_MAX)
		return;
	watcher = &scan->watchers[scan->watcher_count++];
	snprintf(watcher->member, sizeof(watcher->member), "%s", member);
	snprintf(watcher->watch, sizeof(watcher->watch), "%s", watch);
	snprintf(watcher->consent, sizeof(watcher->consent), "%.*s",
	    (int)consent.len, consent.ptr);
}

/* Its rules; false: the watch has gone. */
static bool
find_watch(struct scan *scan, const struct watcher *watcher)
{
	int64_t created_us;

	if (strcmp(scan->member, watcher->member) == 0 &&
	    strcmp(scan->watch.id, watcher->watch) == 0)
		return true;
	scan->member[0] = '\0';
	if (watchbook_find(scan->view, watcher->member, watcher->watch,
		&scan->watch, &created_us) != ERR_OK)
		return false;
	memcpy(scan->member, watcher->member, sizeof(scan->member));
	return true;
}

/* One event for all watches of one member, which stand together. */
static enum err
tell_member(struct scan *scan, size_t *at, struct event *event)
{
	const struct item *item =
	    catalog_find_item(scan->world->catalog, event->item);
	const char *member = scan->watchers[*at].member;
	struct buf watches = {0};
	const struct watcher *watcher;
	enum err err = ERR_OK;

	event->consent = span_of("");
	for (; *at < scan->watcher_count; ++*at) {
		watcher = &scan->watchers[*at];
		if (strcmp(watcher->member, member) != 0)
			break;
		if (!find_watch(scan, watcher) ||
		    !watch_wants(&scan->watch, event->item, item, event->kind))
			continue;
		buf_add(&watches, watcher->watch, strlen(watcher->watch) + 1);
		if (event->consent.len == 0)
			event->consent = span_of(watcher->consent);
	}
	event->watches = buf_span(&watches);
	if (watches.len > 0) {
		err = watchbook_add(
		    scan->settings.book, scan->write, member, event);
		note_told(scan, member);
	}
	buf_release(&watches);
	return err;
}

static enum err
tell(struct scan *scan, struct event *event)
{
	enum err err = ERR_OK;
	size_t at = 0;

	while (at < scan->watcher_count && err == ERR_OK)
		err = tell_member(scan, &at, event);
	return err;
}

/* `event` says where and when; the record what. */
static enum err
look(struct scan *scan, const struct record *record, struct event *event)
{
	struct known known, *fresh;
	struct buf key = {0};
	enum err err;

	scan->watcher_count = 0;
	err = watchbook_each_watcher(
	    scan->view, record->subject, on_watcher, scan);
	if (err != ERR_OK || scan->watcher_count == 0)
		return err;
	store_record_key(event->stream, record, &key);
	fresh = find_fresh(scan, buf_span(&key));
	if (fresh != NULL)
		known = *fresh;
	else
		err = watchbook_known(scan->view, buf_span(&key), &known);
	if (err == ERR_OK && record->version > known.version) {
		event->kind = change_kind_of(known.state, record->state);
		event->item = record->item;
		event->version = record->version;
		event->as_of_us = record->as_of_us;
		event->subject = record->subject;
		known = (struct known){record->version, record->state};
		watchbook_put_known(scan->write, buf_span(&key), &known);
		keep_fresh(scan, buf_span(&key), &known);
		err = tell(scan, event);
	}
	buf_release(&key);
	return err;
}

static enum err
look_through(struct scan *scan, const struct batch_header *header,
    const struct record *records)
{
	struct event event = {.committed_us = header->committed_us};
	enum err err = ERR_OK;
	uint64_t i;

	memcpy(event.stream, header->stream, sizeof(event.stream));
	for (i = 0; i <= header->last - header->first && err == ERR_OK; i++) {
		if (records[i].item > CATALOG_ITEM_MAX ||
		    !watchbook_may_watch(
			scan->settings.book, records[i].subject))
			continue;
		event.position = header->first + i;
		err = look(scan, &records[i], &event);
	}
	return err;
}

static enum err
open_batch(struct scan *scan, struct span packed, struct batch_header *header,
    struct record **records, struct why *why)
{
	struct sealed sealed;
	enum err err = unpack_sealed(packed, &sealed);

	if (err == ERR_OK)
		err = batch_header_parse(sealed.header, header);
	if (err != ERR_OK)
		return why_set(why, err, "a sealed batch cannot be read");
	return opener_open(
	    scan->opener, header, &sealed, scan->arena, records, why);
}

struct window {
	struct scan *scan;
	struct why *why;
	uint64_t position;
	enum err err;
};

static void
on_sealed(void *context, struct span packed)
{
	struct window *window = context;
	struct scan *scan = window->scan;
	struct batch_header header = {0};
	struct record *records = NULL;
	enum err err;

	if (window->err != ERR_OK)
		return;
	write_begin(scan);
	err = open_batch(scan, packed, &header, &records, window->why);
	if (err == ERR_OK && records != NULL)
		err = look_through(scan, &header, records);
	if (err == ERR_OK)
		watchbook_put_position(scan->write, header.stream, header.last);
	window->err = write_end(scan, err, window->why);
	if (window->err != ERR_OK)
		return;
	window->position = header.last;
	if (scan->event_count > 0)
		metric_observe_us(
		    scan->delay, clock_now_us() - header.committed_us);
}

/* What an image brought, subject by subject. */
struct difference {
	struct scan *scan;
	const struct stream_state *state;
	size_t count;
	struct why *why;
	enum err err;
};

static void
on_held(void *context, const struct stored *stored)
{
	struct difference *difference = context;
	const struct stream_state *state = difference->state;
	struct event event = {.position = state->chain.position,
	    .by_difference = true,
	    .committed_us = state->committed_us};

	if (difference->err != ERR_OK ||
	    strcmp(stored->stream, state->chain.stream) != 0)
		return;
	memcpy(event.stream, stored->stream, sizeof(event.stream));
	difference->err = look(difference->scan, &stored->record, &event);
}

static bool
on_subject(void *context, struct span subject, struct span consent)
{
	struct difference *difference = context;
	struct scan *scan = difference->scan;
	char code[USCC_LEN + 1] = "";
	struct record_reader reader = {
	    .subject = code, .each = on_held, .context = difference};
	enum err err;

	(void)consent;
	if (difference->count++ % SLICE_SUBJECTS == 0 &&
	    difference->count > 1) {
		difference->err =
		    write_end(scan, difference->err, difference->why);
		write_begin(scan);
	}
	memcpy(code, subject.ptr, USCC_LEN);
	err = snapshot_each_record(scan->snapshot, &reader, difference->why);
	if (difference->err == ERR_OK)
		difference->err = err;
	return difference->err == ERR_OK;
}

static enum err
find_difference(
    struct scan *scan, const struct stream_state *state, struct why *why)
{
	struct difference difference = {
	    .scan = scan, .state = state, .why = why};
	struct kv_view *watched = watchbook_view(scan->settings.book);
	enum err err;

	log_info("watch.difference", "stream=%s position=%llu",
	    state->chain.stream, (unsigned long long)state->chain.position);
	write_begin(scan);
	err = watchbook_each_watched(watched, on_subject, &difference);
	if (err == ERR_OK)
		err = difference.err;
	if (err == ERR_OK)
		watchbook_put_position(
		    scan->write, state->chain.stream, state->chain.position);
	kv_view_close(watched);
	return write_end(scan, err, why);
}

static enum err
follow_stream(
    struct scan *scan, const struct stream_state *state, struct why *why)
{
	struct window window = {.scan = scan, .why = why};
	struct log_window log = {.stream = state->chain.stream,
	    .count = SLICE_BATCHES,
	    .bytes = SLICE_BYTES};
	struct kv_view *view = watchbook_view(scan->settings.book);
	enum err err;

	err = watchbook_position(view, state->chain.stream, &window.position);
	kv_view_close(view);
	if (err != ERR_OK || window.position >= state->chain.position)
		return err;
	log.after = window.position;
	err =
	    snapshot_each_sealed(scan->snapshot, &log, on_sealed, &window, why);
	if (err == ERR_TOO_OLD)
		return find_difference(scan, state, why);
	if (err == ERR_OK)
		err = window.err;
	if (err == ERR_OK && window.position < state->chain.position)
		scan->more = true;
	/* Batches that are not there and none before them. */
	if (err == ERR_OK && window.position == log.after)
		return find_difference(scan, state, why);
	return err;
}

static void
on_stream(void *context, const struct stream_state *state)
{
	struct scan *scan = context;
	struct why why = {""};
	enum err err;

	if (strcmp(state->chain.stream, STREAM_CONTROL) == 0 ||
	    !world_holds(scan->world, state->chain.stream))
		return;
	err = follow_stream(scan, state, &why);
	if (err == ERR_OK)
		return;
	log_error("watch.failed", "stream=%s err=%s why=\"%s\"",
	    state->chain.stream, err_name(err), why.text);
	scan->not_before_us = clock_tick_us() + RETRY_US;
}

bool
scan_run(struct scan *scan)
{
	struct why why = {""};

	scan->more = false;
	if (!watchbook_is_used(scan->settings.book) ||
	    clock_tick_us() < scan->not_before_us)
		return false;
	scan->world = shared_hold(scan->settings.world);
	if (scan->world != NULL && scan->world->catalog != NULL) {
		scan->snapshot = store_snapshot(scan->settings.store);
		if (snapshot_each_stream(
			scan->snapshot, on_stream, scan, &why) != ERR_OK)
			log_error("watch.failed", "why=\"%s\"", why.text);
		snapshot_release(scan->snapshot);
		scan->snapshot = NULL;
	}
	shared_drop(scan->settings.world, scan->world);
	return scan->more;
}

struct beginning {
	struct kv_write *write;
	bool watched;
};

static void
begin_stream(void *context, const struct stream_state *state)
{
	struct beginning *beginning = context;

	watchbook_put_position(
	    beginning->write, state->chain.stream, state->chain.position);
}

static void
begin_record(void *context, const struct stored *stored)
{
	struct beginning *beginning = context;
	struct known known = {stored->record.version, stored->record.state};
	struct buf key = {0};

	store_record_key(stored->stream, &stored->record, &key);
	watchbook_put_known(beginning->write, buf_span(&key), &known);
	buf_release(&key);
}

static void
begin_watched(
    void *context, const char *member, const char *watch, struct span consent)
{
	struct beginning *beginning = context;

	(void)member, (void)watch, (void)consent;
	beginning->watched = true;
}

enum err
scan_begin(struct scan *scan, struct snapshot *snapshot, struct kv_write *write,
    const char *subject)
{
	struct watchbook *book = scan->settings.book;
	struct beginning beginning = {write, false};
	struct record_reader reader = {
	    .subject = subject, .each = begin_record, .context = &beginning};
	struct kv_view *view;
	enum err err = ERR_OK;

	if (!watchbook_is_used(book))
		err = snapshot_each_stream(
		    snapshot, begin_stream, &beginning, NULL);
	watchbook_note(book, span_of(subject));
	view = watchbook_view(book);
	if (err == ERR_OK)
		err = watchbook_each_watcher(
		    view, span_of(subject), begin_watched, &beginning);
	kv_view_close(view);
	if (err != ERR_OK || beginning.watched)
		return err;
	watchbook_forget_subject(write, subject);
	return snapshot_each_record(snapshot, &reader, NULL);
}
