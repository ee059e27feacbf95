/*
 * watchbook: who watches whom, and what there is to tell them.
 *
 * Beside the store in a database of its own, because no parent has it.  Each
 * member's events have numbers of its own without gaps.  What a batch brings,
 * how far its stream was looked through and what is now known of the records
 * are one write: after a kill at any instruction no event is lost or doubled.
 * Written by the watch thread only; views: one thread each.
 */
#ifndef NODE_WATCHBOOK_H
#define NODE_WATCHBOOK_H

#include "base/mem.h"
#include "credit/region.h"
#include "credit/watch.h"
#include "node/kv.h"

#define WATCHBOOK_LOG_LEN 16 /* hex digits */

struct watchbook;

/* One change, as one member is told of it.  Texts are borrowed. */
struct event {
	uint64_t number;
	enum change_kind kind;
	/* Not from the batch: an image of the stream brought it, and there may
	 * have been more than one change. */
	bool by_difference;
	uint32_t item;
	char stream[STREAM_LEN + 1];
	uint64_t position; /* of the change; by difference: of the image */
	uint64_t version;
	int64_t as_of_us, committed_us;
	struct span subject, consent; /* consent: empty: none */
	struct span watches;          /* ids, each with a NUL behind it */
	/* CHANGE_CORRECTED: the member's last entry in the trail about it. */
	uint64_t read_index;
	int64_t read_us;
};

/* In `<folder>/watches`.  NULL and `why` on failure. */
struct watchbook *watchbook_open(const char *folder, struct why *why);
void watchbook_close(struct watchbook *book); /* safe on NULL */
/* Another one after the folder was lost: then all numbers are new. */
const char *watchbook_log(const struct watchbook *book);
struct kv_view *watchbook_view(struct watchbook *book);

/* watches */

/* One subject more or less of one watch; the same again is no more. */
void watchbook_put(struct kv_write *write, const char *member,
    const struct watch *watch, const struct watched *watched);
void watchbook_remove(struct kv_write *write, const char *member,
    const char *watch, const char *subject);
void watchbook_put_head(struct kv_write *write, const char *member,
    const struct watch *watch, int64_t created_us);
void watchbook_remove_head(
    struct kv_write *write, const char *member, const char *watch);
/* ERR_MISSING: there is none. */
MUST_CHECK enum err watchbook_find(struct kv_view *view, const char *member,
    const char *id, struct watch *watch, int64_t *created_us);
typedef void (*watchbook_watch_fn)(
    void *context, const struct watch *watch, int64_t created_us);
MUST_CHECK enum err watchbook_each(struct kv_view *view, const char *member,
    watchbook_watch_fn each, void *context);
/* False: enough. */
typedef bool (*watchbook_subject_fn)(
    void *context, struct span subject, struct span consent);
MUST_CHECK enum err watchbook_each_subject(struct kv_view *view,
    const char *member, const char *watch, const char *after,
    watchbook_subject_fn each, void *context);
/* All that watch the subject. */
typedef void (*watchbook_watcher_fn)(
    void *context, const char *member, const char *watch, struct span consent);
MUST_CHECK enum err watchbook_each_watcher(struct kv_view *view,
    struct span subject, watchbook_watcher_fn each, void *context);
/* Subjects that anybody watches, ascending, once each. */
MUST_CHECK enum err watchbook_each_watched(
    struct kv_view *view, watchbook_subject_fn each, void *context);
/* No: nobody watches it.  In memory. */
bool watchbook_may_watch(const struct watchbook *book, struct span subject);
void watchbook_note(struct watchbook *book, struct span subject);
/* Has anybody watched anything since it was opened? */
bool watchbook_is_used(const struct watchbook *book);

/* what is known of watched subjects' records (by their store key) */

struct known {
	uint64_t version; /* 0: nothing */
	enum record_state state;
};
MUST_CHECK enum err watchbook_known(
    struct kv_view *view, struct span key, struct known *known);
void watchbook_put_known(
    struct kv_write *write, struct span key, const struct known *known);
void watchbook_forget_subject(struct kv_write *write, const char *subject);
/* How far a stream was looked through; 0: not at all. */
MUST_CHECK enum err watchbook_position(
    struct kv_view *view, const char *stream, uint64_t *position);
void watchbook_put_position(
    struct kv_write *write, const char *stream, uint64_t position);
typedef void (*watchbook_position_fn)(
    void *context, const char *stream, uint64_t position);
MUST_CHECK enum err watchbook_each_position(
    struct kv_view *view, watchbook_position_fn each, void *context);

/* events: watchbook_events.c */

/* The member's next event; its number is set here.  All of one write, or by
 * watchbook_forget none: then the numbers are given again. */
MUST_CHECK enum err watchbook_add(struct watchbook *book,
    struct kv_write *write, const char *member, struct event *event);
void watchbook_forget(struct watchbook *book);
/* Numbers of the newest event and of the oldest that is kept; 0 and 1: none
 * yet. */
MUST_CHECK enum err watchbook_bounds(struct kv_view *view, const char *member,
    uint64_t *newest, uint64_t *oldest);
/* False: enough. */
typedef bool (*watchbook_event_fn)(void *context, const struct event *event);
MUST_CHECK enum err watchbook_each_event(struct kv_view *view,
    const char *member, uint64_t after, watchbook_event_fn each, void *context);
/* Events of changes that were committed before this go. */
MUST_CHECK enum err watchbook_trim(struct watchbook *book, int64_t before_us);

/* webhooks: watchbook_hooks.c */

#define HOOK_URL_MAX 1000
#define HOOK_SECRET_MAX 64

struct hook_place {
	uint64_t after; /* events up to this number were brought or are dead */
	char url[HOOK_URL_MAX + 1];
	char secret[HOOK_SECRET_MAX + 1];
	size_t secret_len;
};
void watchbook_put_hook(
    struct kv_write *write, const char *member, const struct hook_place *place);
void watchbook_remove_hook(struct kv_write *write, const char *member);
/* ERR_MISSING: there is none. */
MUST_CHECK enum err watchbook_find_hook(
    struct kv_view *view, const char *member, struct hook_place *place);
typedef void (*watchbook_hook_fn)(
    void *context, const char *member, const struct hook_place *place);
MUST_CHECK enum err watchbook_each_hook(
    struct kv_view *view, watchbook_hook_fn each, void *context);

/* A page that nobody took. */
struct dead {
	uint64_t first, last; /* numbers of its events */
	int64_t time_us;
	uint64_t attempts, status; /* of the last answer; 0: there was none */
	bool again;                /* it is to be brought again */
};
void watchbook_put_dead(
    struct kv_write *write, const char *member, const struct dead *dead);
void watchbook_remove_dead(
    struct kv_write *write, const char *member, uint64_t first);
/* In ascending order; false: enough. */
typedef bool (*watchbook_dead_fn)(void *context, const struct dead *dead);
MUST_CHECK enum err watchbook_each_dead(struct kv_view *view,
    const char *member, watchbook_dead_fn each, void *context);

/* corrections: watchbook_corrections.c */

enum correction_phase {
	CORRECTION_NEW,
	CORRECTION_TOLD, /* its events are written … */
	CORRECTION_DONE  /* … and the hub will be told how many */
};
MUST_CHECK enum err watchbook_correction(struct kv_view *view, struct span id,
    enum correction_phase *phase, uint32_t *members);
void watchbook_put_correction(struct kv_write *write, struct span id,
    enum correction_phase phase, uint32_t members);

/* The database itself, for what is written at once. */
struct kv_write *watchbook_begin(struct watchbook *book);

#endif
