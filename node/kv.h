/*
 * kv: sorted keys and values on this machine's disk.
 *
 * With kv_table.c and kv_inner.h the only home of RocksDB.  A write is atomic:
 * all of it or nothing survives a crash.  A view does not change while it is
 * held.  Damage is told apart from other failures (ERR_INVALID), because its
 * cure is another one. Views: one thread each; everything else: any thread.
 */
#ifndef NODE_KV_H
#define NODE_KV_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define KV_FAMILIES_MAX 8

/* One space of keys; how it is kept follows from how it is read. */
struct kv_family {
	const char *name;
	bool compressed; /* worth compressing (not so: already compressed) */
	bool looked_up;  /* by whole keys: keep a bloom filter */
	bool grouped;    /* keys begin with a text and a NUL: kv_group_open */
};

struct kv;
struct kv_view;
struct kv_write;

/* Memory for what was read, of all stores of this process together; before the
 * first is opened.  256 MiB if it is not said. */
void kv_set_cache(size_t bytes);
/* What waits to be written and the indexes of tables are part of that memory,
 * half of it at most: now and then the rest is measured anew.  One thread of a
 * store. */
void kv_weigh(struct kv *kv);
/* Open or make.  ERR_INVALID: what is there is damaged. */
MUST_CHECK enum err kv_open(const char *folder,
    const struct kv_family *families, size_t count, struct kv **out,
    struct why *why);
void kv_close(struct kv *kv); /* safe on NULL; after its views and writes */
/* Was damage met since it was opened? */
bool kv_is_damaged(const struct kv *kv);
/* Are its tables being merged, or should they be? */
bool kv_is_merging(struct kv *kv);
/* Make everything written so far survive a power cut. */
MUST_CHECK enum err kv_sync(struct kv *kv, struct why *why);

/* As everything stands now. */
struct kv_view *kv_view_open(struct kv *kv);
/* For the one writer: always the newest. */
struct kv_view *kv_view_newest(struct kv *kv);
void kv_view_close(struct kv_view *view); /* safe on NULL */
/* Append the value; ERR_MISSING when there is none. */
MUST_CHECK enum err kv_get(struct kv_view *view, unsigned family,
    struct span key, struct buf *value, struct why *why);
/* What there is of some keys, which are in ascending order; `found` gets the
 * number of the key in `keys` and a value on loan. */
typedef void (*kv_found_fn)(void *context, size_t number, struct span value);
struct kv_keys {
	unsigned family;
	const struct span *keys;
	size_t count;
};
MUST_CHECK enum err kv_find(struct kv_view *view, const struct kv_keys *wanted,
    kv_found_fn found, void *context, struct why *why);
/* Borrowed; false: enough. */
typedef bool (*kv_row_fn)(void *context, struct span key, struct span value);
struct kv_range {
	unsigned family;
	struct span prefix; /* of every key */
	struct span from;   /* first key of interest; empty: the prefix */
	struct span until;  /* first key of no interest; empty: to the end */
};
/* In ascending order of keys. */
MUST_CHECK enum err kv_each(struct kv_view *view, const struct kv_range *range,
    kv_row_fn row, void *context, struct why *why);
/* Append the last row of the range, of which prefix and `until` count;
 * ERR_MISSING when there is none. */
MUST_CHECK enum err kv_last(struct kv_view *view, const struct kv_range *range,
    struct buf *key, struct buf *value, struct why *why);
/* A place among a family's rows, for who jumps. */
struct kv_cursor;
struct kv_cursor *kv_cursor_open(struct kv_view *view, unsigned family);
/* The same among the rows of one group alone, whose text and NUL `group` is,
 * in a grouped family: what has none of them is not looked at. */
struct kv_cursor *kv_group_open(
    struct kv_view *view, unsigned family, struct span group);
void kv_cursor_close(struct kv_cursor *cursor); /* before the view; or NULL */
/* To the first row at `key` or behind it; to the next one.  False: there is
 * none, or the store failed (kv_cursor_end). */
bool kv_cursor_seek(struct kv_cursor *cursor, struct span key);
bool kv_cursor_next(struct kv_cursor *cursor);
/* Borrowed until it moves. */
struct span kv_cursor_key(const struct kv_cursor *cursor);
struct span kv_cursor_value(const struct kv_cursor *cursor);
/* Did all of it succeed? */
MUST_CHECK enum err kv_cursor_end(struct kv_cursor *cursor, struct why *why);
/* It will read everything once: what others read stays in memory. */
void kv_view_spare_cache(struct kv_view *view);

struct kv_write *kv_write_begin(struct kv *kv);
void kv_write_put(struct kv_write *write, unsigned family, struct span key,
    struct span value);
void kv_write_delete(struct kv_write *write, unsigned family, struct span key);
/* All keys from `from` to before `until`. */
void kv_write_delete_range(struct kv_write *write, unsigned family,
    struct span from, struct span until);
/* `sync`: it and all before it survive a power cut. */
MUST_CHECK enum err kv_write_end(
    struct kv_write *write, bool sync, struct why *why);
void kv_write_cancel(struct kv_write *write); /* safe on NULL */

/* kv_table.c */

/* Rows in a file of their own, to be taken in later.  One thread. */
struct kv_table;

/* NULL and `why` on failure.  A file that is there already is replaced. */
struct kv_table *kv_table_begin(
    struct kv *kv, unsigned family, const char *path, struct why *why);
/* In ascending order of keys.  After the first failure they do nothing. */
void kv_table_put(struct kv_table *table, struct span key, struct span value);
void kv_table_delete(struct kv_table *table, struct span key);
/* Rows so far, and about the bytes that they take. */
size_t kv_table_rows(const struct kv_table *table);
uint64_t kv_table_size(const struct kv_table *table);
/* Whole and flushed, or an error and gone.  It needs one row at least. */
MUST_CHECK enum err kv_table_end(struct kv_table *table, struct why *why);
void kv_table_cancel(struct kv_table *table); /* safe on NULL */
/* Take in copies of all of them at once, over what is there, or none.  May be
 * repeated after a crash: what was taken in is then taken in over itself. */
MUST_CHECK enum err kv_ingest(struct kv *kv, unsigned family,
    const char *const *paths, size_t count, struct why *why);

#endif
