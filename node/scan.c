/*
 * scan: what the streams brought becomes events of those who watch.
 */
#include "node/scan.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "node/store_key.h"
#include "node/tidings.h"
#include "node/world.h"
#include "wire/seal.h"

/* Of one stream at a time, so that all get their turn. */
#define SLICE_BATCHES 16
#define SLICE_BYTES (4 << 20)
#define SLICE_SUBJECTS 1000
#define RETRY_US (5 * CLOCK_SECOND)

struct scan {
	struct scan_settings settings;
	struct opener *opener;
	struct arena *arena; /* of one batch */
	struct tidings *tidings;
	int64_t not_before_us;
	/* Of one slice. */
	const struct world *world;
	struct snapshot *snapshot;
	bool more;
	struct metric *delay;
};

struct scan *
scan_new(const struct scan_settings *settings)
{
	struct scan *scan = mem_new(sizeof(*scan));

	scan->settings = *settings;
	scan->opener = opener_new(settings->keys);
	scan->arena = arena_new();
	scan->tidings =
	    tidings_new(settings->book, settings->told, settings->context);
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
	tidings_free(scan->tidings);
	mem_free(scan);
}

void
scan_renew(struct scan *scan)
{
	tidings_renew(scan->tidings);
	scan->not_before_us = 0;
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
		err = tidings_look(scan->tidings, &records[i], &event);
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
	arena_reset(scan->arena);
	tidings_begin(scan->tidings, scan->world);
	err = open_batch(scan, packed, &header, &records, window->why);
	if (err == ERR_OK && records != NULL)
		err = look_through(scan, &header, records);
	if (err == ERR_OK)
		tidings_reach(scan->tidings, header.stream, header.last);
	window->err = tidings_end(scan->tidings, err, window->why);
	if (window->err != ERR_OK)
		return;
	window->position = header.last;
	if (tidings_count(scan->tidings) > 0)
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
	difference->err =
	    tidings_look(difference->scan->tidings, &stored->record, &event);
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
		difference->err = tidings_end(
		    scan->tidings, difference->err, difference->why);
		tidings_begin(scan->tidings, scan->world);
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
	tidings_begin(scan->tidings, scan->world);
	err = watchbook_each_watched(watched, on_subject, &difference);
	if (err == ERR_OK)
		err = difference.err;
	if (err == ERR_OK)
		tidings_reach(
		    scan->tidings, state->chain.stream, state->chain.position);
	kv_view_close(watched);
	return tidings_end(scan->tidings, err, why);
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
