/*
 * kv_read: what a moment's rows are, one by one, many at once or in order.
 */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "node/kv_inner.h"

#define READAHEAD_BYTES (1 << 20)
/* What a thread does is counted, step by step, unless it says otherwise. */
#define COUNT_NOTHING 1
#define AT_ONCE 32 /* keys that RocksDB looks up together */

struct kv_view {
	struct kv *kv;
	const rocksdb_snapshot_t *snapshot; /* NULL: newest */
	rocksdb_readoptions_t *options;
};

struct kv_view *
kv_view_newest(struct kv *kv)
{
	struct kv_view *view = mem_new(sizeof(*view));

	view->kv = kv;
	rocksdb_set_perf_level(COUNT_NOTHING);
	view->options = rocksdb_readoptions_create();
	rocksdb_readoptions_set_total_order_seek(view->options, 1);
	return view;
}

struct kv_view *
kv_view_open(struct kv *kv)
{
	struct kv_view *view = kv_view_newest(kv);

	view->snapshot = rocksdb_create_snapshot(kv->db);
	rocksdb_readoptions_set_snapshot(view->options, view->snapshot);
	return view;
}

void
kv_view_spare_cache(struct kv_view *view)
{
	rocksdb_readoptions_set_fill_cache(view->options, 0);
	rocksdb_readoptions_set_readahead_size(view->options, READAHEAD_BYTES);
}

void
kv_view_close(struct kv_view *view)
{
	if (view == NULL)
		return;
	rocksdb_readoptions_destroy(view->options);
	if (view->snapshot != NULL)
		rocksdb_release_snapshot(view->kv->db, view->snapshot);
	mem_free(view);
}

enum err
kv_get(struct kv_view *view, unsigned family, struct span key,
    struct buf *value, struct why *why)
{
	struct kv *kv = view->kv;
	rocksdb_pinnableslice_t *found;
	const char *bytes;
	char *error = NULL;
	size_t len;

	found = rocksdb_get_pinned_cf(kv->db, view->options,
	    kv->families[family], key.ptr, key.len, &error);
	if (error != NULL)
		return kv_fault_in(kv, error, why);
	if (found == NULL)
		return ERR_MISSING;
	bytes = rocksdb_pinnableslice_value(found, &len);
	buf_add(value, bytes, len);
	rocksdb_pinnableslice_destroy(found);
	return ERR_OK;
}

/* At most AT_ONCE of them, from `begun` on. */
static enum err
kv_find_some(struct kv_view *view, const struct kv_keys *wanted, size_t begun,
    rocksdb_pinnableslice_t *values[AT_ONCE], struct why *why)
{
	struct kv *kv = view->kv;
	const char *keys[AT_ONCE];
	size_t lens[AT_ONCE], i, count = wanted->count - begun;
	char *errors[AT_ONCE] = {NULL};
	enum err err = ERR_OK;

	for (i = 0; i < AT_ONCE && i < count; i++) {
		keys[i] = wanted->keys[begun + i].ptr;
		lens[i] = wanted->keys[begun + i].len;
	}
	rocksdb_batched_multi_get_cf(kv->db, view->options,
	    kv->families[wanted->family], i, keys, lens, values, errors, true);
	while (i-- > 0)
		if (errors[i] != NULL)
			err = kv_fault_in(kv, errors[i], why);
	return err;
}

enum err
kv_find(struct kv_view *view, const struct kv_keys *wanted, kv_found_fn found,
    void *context, struct why *why)
{
	rocksdb_pinnableslice_t *values[AT_ONCE];
	enum err err = ERR_OK;
	const char *bytes;
	size_t begun, i, len;

	for (begun = 0; begun < wanted->count && err == ERR_OK;
	     begun += AT_ONCE) {
		memset(values, 0, sizeof(values));
		err = kv_find_some(view, wanted, begun, values, why);
		for (i = 0; i < AT_ONCE; i++) {
			if (values[i] == NULL)
				continue;
			bytes = rocksdb_pinnableslice_value(values[i], &len);
			if (err == ERR_OK)
				found(
				    context, begun + i, span_make(bytes, len));
			rocksdb_pinnableslice_destroy(values[i]);
		}
	}
	return err;
}

static struct span
kv_iter_key(const rocksdb_iterator_t *iter)
{
	size_t len;
	const char *bytes = rocksdb_iter_key(iter, &len);

	return span_make(bytes, len);
}

static struct span
kv_iter_value(const rocksdb_iterator_t *iter)
{
	size_t len;
	const char *bytes = rocksdb_iter_value(iter, &len);

	return span_make(bytes, len);
}

static bool
span_begins(struct span text, struct span prefix)
{
	return text.len >= prefix.len &&
	       span_equal(span_make(text.ptr, prefix.len), prefix);
}

static bool
range_has(const struct kv_range *range, struct span key)
{
	return span_begins(key, range->prefix) &&
	       (range->until.len == 0 || span_order(key, range->until) < 0);
}

enum err
kv_each(struct kv_view *view, const struct kv_range *range, kv_row_fn row,
    void *context, struct why *why)
{
	struct kv *kv = view->kv;
	struct span from = range->from.len > 0 ? range->from : range->prefix;
	rocksdb_iterator_t *iter = rocksdb_create_iterator_cf(
	    kv->db, view->options, kv->families[range->family]);
	char *error = NULL;

	rocksdb_iter_seek(iter, from.len > 0 ? from.ptr : "", from.len);
	while (rocksdb_iter_valid(iter) &&
	       range_has(range, kv_iter_key(iter)) &&
	       row(context, kv_iter_key(iter), kv_iter_value(iter)))
		rocksdb_iter_next(iter);
	rocksdb_iter_get_error(iter, &error);
	rocksdb_iter_destroy(iter);
	return error == NULL ? ERR_OK : kv_fault_in(kv, error, why);
}

struct kv_cursor {
	struct kv *kv;
	rocksdb_iterator_t *iter;
	rocksdb_readoptions_t *options; /* of a group; NULL: the view's */
	struct buf end;                 /* of the group */
};

struct kv_cursor *
kv_cursor_open(struct kv_view *view, unsigned family)
{
	struct kv_cursor *cursor = mem_new(sizeof(*cursor));

	cursor->kv = view->kv;
	cursor->iter = rocksdb_create_iterator_cf(
	    view->kv->db, view->options, view->kv->families[family]);
	return cursor;
}

struct kv_cursor *
kv_group_open(struct kv_view *view, unsigned family, struct span group)
{
	struct kv_cursor *cursor = mem_new(sizeof(*cursor));
	struct buf *end = &cursor->end;

	assert(group.len > 0 && group.ptr[group.len - 1] == '\0');
	buf_add(end, group.ptr, group.len);
	end->data[end->len - 1] = 1;
	cursor->kv = view->kv;
	cursor->options = rocksdb_readoptions_create();
	if (view->snapshot != NULL)
		rocksdb_readoptions_set_snapshot(
		    cursor->options, view->snapshot);
	/* The bound ends it; asked for the same prefix too, RocksDB would make
	 * and compare it with each row. */
	rocksdb_readoptions_set_iterate_upper_bound(
	    cursor->options, end->data, end->len);
	cursor->iter = rocksdb_create_iterator_cf(
	    view->kv->db, cursor->options, view->kv->families[family]);
	return cursor;
}

void
kv_cursor_close(struct kv_cursor *cursor)
{
	if (cursor == NULL)
		return;
	rocksdb_iter_destroy(cursor->iter);
	if (cursor->options != NULL)
		rocksdb_readoptions_destroy(cursor->options);
	buf_release(&cursor->end);
	mem_free(cursor);
}

bool
kv_cursor_seek(struct kv_cursor *cursor, struct span key)
{
	rocksdb_iter_seek(cursor->iter, key.ptr, key.len);
	return rocksdb_iter_valid(cursor->iter);
}

bool
kv_cursor_next(struct kv_cursor *cursor)
{
	rocksdb_iter_next(cursor->iter);
	return rocksdb_iter_valid(cursor->iter);
}

struct span
kv_cursor_key(const struct kv_cursor *cursor)
{
	return kv_iter_key(cursor->iter);
}

struct span
kv_cursor_value(const struct kv_cursor *cursor)
{
	return kv_iter_value(cursor->iter);
}

enum err
kv_cursor_end(struct kv_cursor *cursor, struct why *why)
{
	char *error = NULL;

	rocksdb_iter_get_error(cursor->iter, &error);
	return error == NULL ? ERR_OK : kv_fault_in(cursor->kv, error, why);
}

/* From `until` backwards, which may be there itself. */
static void
kv_seek_last(rocksdb_iterator_t *iter, const struct kv_range *range)
{
	rocksdb_iter_seek_for_prev(iter, range->until.ptr, range->until.len);
	if (rocksdb_iter_valid(iter) && !range_has(range, kv_iter_key(iter)))
		rocksdb_iter_prev(iter);
}

enum err
kv_last(struct kv_view *view, const struct kv_range *range, struct buf *key,
    struct buf *value, struct why *why)
{
	struct kv *kv = view->kv;
	rocksdb_iterator_t *iter = rocksdb_create_iterator_cf(
	    kv->db, view->options, kv->families[range->family]);
	enum err err = ERR_MISSING;
	char *error = NULL;

	kv_seek_last(iter, range);
	if (rocksdb_iter_valid(iter) && range_has(range, kv_iter_key(iter))) {
		struct span found = kv_iter_key(iter);
		struct span stored = kv_iter_value(iter);

		buf_add(key, found.ptr, found.len);
		buf_add(value, stored.ptr, stored.len);
		err = ERR_OK;
	}
	rocksdb_iter_get_error(iter, &error);
	rocksdb_iter_destroy(iter);
	return error == NULL ? err : kv_fault_in(kv, error, why);
}
