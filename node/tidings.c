/*
 * tidings: one write of the watchbook: what some records mean to those who
 * watch.
 */
#include "node/tidings.h"

#include <stdio.h>

#include "base/metric.h"
#include "node/store_key.h"

#define WATCHERS_MAX 4096

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

struct tidings {
	struct watchbook *book;
	tidings_told_fn told_fn;
	void *context;
	struct metric *events;
	/* The watch that was looked at last; "": none. */
	char member[MEMBER_CODE_MAX + 1];
	struct watch watch;
	struct watcher *watchers;
	/* Of one write. */
	const struct world *world;
	struct kv_view *view;
	struct kv_write *write;
	struct arena *arena;
	size_t watcher_count;
	struct fresh *fresh;
	size_t fresh_count, fresh_size;
	char (*told)[MEMBER_CODE_MAX + 1];
	size_t told_count, event_count;
};

struct tidings *
tidings_new(struct watchbook *book, tidings_told_fn told, void *context)
{
	struct tidings *tidings = mem_new(sizeof(*tidings));

	tidings->book = book;
	tidings->told_fn = told;
	tidings->context = context;
	tidings->arena = arena_new();
	tidings->watchers = mem_new(WATCHERS_MAX * sizeof(struct watcher));
	tidings->events = metric_counter(
	    "rongxin_node_events_total", "", "Events of watched subjects.");
	return tidings;
}

void
tidings_free(struct tidings *tidings)
{
	if (tidings == NULL)
		return;
	arena_free(tidings->arena);
	mem_free(tidings->watchers);
	mem_free(tidings->fresh);
	mem_free(tidings->told);
	mem_free(tidings);
}

void
tidings_renew(struct tidings *tidings)
{
	tidings->member[0] = '\0';
}

void
tidings_reach(struct tidings *tidings, const char *stream, uint64_t position)
{
	watchbook_put_position(tidings->write, stream, position);
}

size_t
tidings_count(const struct tidings *tidings)
{
	return tidings->event_count;
}

void
tidings_begin(struct tidings *tidings, const struct world *world)
{
	tidings->world = world;
	tidings->write = watchbook_begin(tidings->book);
	tidings->view = watchbook_view(tidings->book);
	tidings->fresh_count = tidings->told_count = tidings->event_count = 0;
	arena_reset(tidings->arena);
}

/* Events are on disk before anybody hears of them. */
enum err
tidings_end(struct tidings *tidings, enum err err, struct why *why)
{
	size_t i;

	kv_view_close(tidings->view);
	tidings->view = NULL;
	if (err == ERR_OK)
		err =
		    kv_write_end(tidings->write, tidings->event_count > 0, why);
	else
		kv_write_cancel(tidings->write);
	tidings->write = NULL;
	if (err != ERR_OK) {
		watchbook_forget(tidings->book);
		return err;
	}
	metric_add(tidings->events, (int64_t)tidings->event_count);
	for (i = 0; i < tidings->told_count; i++)
		tidings->told_fn(tidings->context, tidings->told[i]);
	return ERR_OK;
}

static void
note_told(struct tidings *tidings, const char *member)
{
	size_t i;

	tidings->event_count++;
	for (i = 0; i < tidings->told_count; i++)
		if (strcmp(tidings->told[i], member) == 0)
			return;
	tidings->told =
	    mem_grow(tidings->told, (i + 1) * sizeof(*tidings->told));
	snprintf(tidings->told[i], sizeof(tidings->told[i]), "%s", member);
	tidings->told_count++;
}

static struct known *
find_fresh(struct tidings *tidings, struct span key)
{
	size_t i;

	for (i = 0; i < tidings->fresh_count; i++)
		if (span_equal(
			span_make(tidings->fresh[i].key, tidings->fresh[i].len),
			key))
			return &tidings->fresh[i].known;
	return NULL;
}

static void
keep_fresh(struct tidings *tidings, struct span key, const struct known *known)
{
	struct known *seen = find_fresh(tidings, key);
	struct fresh *fresh;

	if (seen != NULL) {
		*seen = *known;
		return;
	}
	if (tidings->fresh_count == tidings->fresh_size) {
		tidings->fresh_size = tidings->fresh_size * 2 + 64;
		tidings->fresh = mem_grow(tidings->fresh,
		    tidings->fresh_size * sizeof(*tidings->fresh));
	}
	fresh = &tidings->fresh[tidings->fresh_count++];
	fresh->key = arena_text(tidings->arena, key.ptr, key.len);
	fresh->len = key.len;
	fresh->known = *known;
}

static void
on_watcher(
    void *context, const char *member, const char *watch, struct span consent)
{
	struct tidings *tidings = context;
	struct watcher *watcher;

	if (tidings->watcher_count == WATCHERS_MAX)
		return;
	watcher = &tidings->watchers[tidings->watcher_count++];
	snprintf(watcher->member, sizeof(watcher->member), "%s", member);
	snprintf(watcher->watch, sizeof(watcher->watch), "%s", watch);
	snprintf(watcher->consent, sizeof(watcher->consent), "%.*s",
	    (int)consent.len, consent.ptr);
}

/* Its rules; false: the watch has gone. */
static bool
find_watch(struct tidings *tidings, const struct watcher *watcher)
{
	int64_t created_us;

	if (strcmp(tidings->member, watcher->member) == 0 &&
	    strcmp(tidings->watch.id, watcher->watch) == 0)
		return true;
	tidings->member[0] = '\0';
	if (watchbook_find(tidings->view, watcher->member, watcher->watch,
		&tidings->watch, &created_us) != ERR_OK)
		return false;
	memcpy(tidings->member, watcher->member, sizeof(tidings->member));
	return true;
}

/* One event for all watches of one member, which stand together. */
static enum err
tell_member(struct tidings *tidings, size_t *at, struct event *event)
{
	const struct item *item =
	    catalog_find_item(tidings->world->catalog, event->item);
	const char *member = tidings->watchers[*at].member;
	struct buf watches = {0};
	const struct watcher *watcher;
	enum err err = ERR_OK;

	event->consent = span_of("");
	for (; *at < tidings->watcher_count; ++*at) {
		watcher = &tidings->watchers[*at];
		if (strcmp(watcher->member, member) != 0)
			break;
		if (!find_watch(tidings, watcher) ||
		    !watch_wants(
			&tidings->watch, event->item, item, event->kind))
			continue;
		buf_add(&watches, watcher->watch, strlen(watcher->watch) + 1);
		if (event->consent.len == 0)
			event->consent = span_of(watcher->consent);
	}
	event->watches = buf_span(&watches);
	if (watches.len > 0) {
		err =
		    watchbook_add(tidings->book, tidings->write, member, event);
		note_told(tidings, member);
	}
	buf_release(&watches);
	return err;
}

static enum err
tell(struct tidings *tidings, struct event *event)
{
	enum err err = ERR_OK;
	size_t at = 0;

	while (at < tidings->watcher_count && err == ERR_OK)
		err = tell_member(tidings, &at, event);
	return err;
}

/* `event` says where and when; the record what. */
enum err
tidings_look(
    struct tidings *tidings, const struct record *record, struct event *event)
{
	struct known known, *fresh;
	struct buf key = {0};
	enum err err;

	tidings->watcher_count = 0;
	err = watchbook_each_watcher(
	    tidings->view, record->subject, on_watcher, tidings);
	if (err != ERR_OK || tidings->watcher_count == 0)
		return err;
	store_record_key(event->stream, record, &key);
	fresh = find_fresh(tidings, buf_span(&key));
	if (fresh != NULL)
		known = *fresh;
	else
		err = watchbook_known(tidings->view, buf_span(&key), &known);
	if (err == ERR_OK && record->version > known.version) {
		event->kind = change_kind_of(known.state, record->state);
		event->item = record->item;
		event->version = record->version;
		event->as_of_us = record->as_of_us;
		event->subject = record->subject;
		known = (struct known){record->version, record->state};
		watchbook_put_known(tidings->write, buf_span(&key), &known);
		keep_fresh(tidings, buf_span(&key), &known);
		err = tell(tidings, event);
	}
	buf_release(&key);
	return err;
}
