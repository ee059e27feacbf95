/*
 * kv: sorted keys and values on this machine's disk.
 */
#include "node/kv.h"

#include <assert.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "node/kv_inner.h"

#define LOCK_WAIT_MS 10000
#define LOCK_PAUSE_MS 100
#define CACHE_BYTES (256 << 20)
#define WRITE_BUFFER_BYTES (32 << 20)
#define WAL_BYTES (256 << 20)
/* Updates look up one record of a block, so a small one that is quickly made
 * plain again; all of a subject is read together, so not the smallest: with
 * half of it updates cost the same and a report's records 6 us more. */
#define BLOCK_BYTES (8 << 10)
#define READAHEAD_BYTES (1 << 20)
#define BLOOM_BITS 10
/* What a thread does is counted, step by step, unless it says otherwise. */
#define COUNT_NOTHING 1
#define MEMORY_BLOOM_SHARE 0.02 /* of the write buffer */
#define LOG_FILE_BYTES (8 << 20)
#define LOG_FILES 4
#define BACKGROUND_JOBS 2
#define POINT_IN_TIME_RECOVERY 2
#define AT_ONCE 32 /* keys that RocksDB looks up together */

struct kv_view {
	struct kv *kv;
	const rocksdb_snapshot_t *snapshot; /* NULL: newest */
	rocksdb_readoptions_t *options;
};

struct kv_write {
	struct kv *kv;
	rocksdb_writebatch_t *batch;
};

/* RocksDB says what kind of failure it is in the first words only; a table
 * file that is gone is damage, too, and a family that nobody knows is of a
 * layout that cannot be read. */
static enum err
kv_fault(char *error, struct why *why)
{
	bool damaged = strncmp(error, "Corruption", 10) == 0 ||
		       (strstr(error, "No such file") != NULL &&
			   strstr(error, ".sst") != NULL) ||
		       strstr(error, "families not opened") != NULL;

	why_set(why, ERR_DATABASE, "store: %.200s", error);
	rocksdb_free(error);
	return damaged ? ERR_INVALID : ERR_DATABASE;
}

enum err
kv_fault_in(struct kv *kv, char *error, struct why *why)
{
	enum err err = kv_fault(error, why);

	if (err == ERR_INVALID)
		atomic_store(&kv->damaged, true);
	return err;
}

/* A key's group: its text with the NUL. */
static char *
group_of(void *nothing, const char *key, size_t len, size_t *group_len)
{
	const char *nul = memchr(key, '\0', len);

	(void)nothing;
	*group_len = nul == NULL ? len : (size_t)(nul - key) + 1;
	return (char *)(uintptr_t)key;
}

static unsigned char
group_is_whole(void *nothing, const char *key, size_t len)
{
	(void)nothing;
	return memchr(key, '\0', len) != NULL;
}

static const char *
group_name(void *nothing)
{
	(void)nothing;
	return "rongxin.group";
}

static void
group_nothing(void *nothing)
{
	(void)nothing;
}

static rocksdb_options_t *
kv_family_options(struct kv *kv, const struct kv_family *family)
{
	rocksdb_options_t *options = rocksdb_options_create();
	rocksdb_block_based_table_options_t *table =
	    rocksdb_block_based_options_create();

	rocksdb_block_based_options_set_block_cache(table, kv->cache);
	rocksdb_block_based_options_set_block_size(table, BLOCK_BYTES);
	/* Beside the cache, some 4 bytes a record: every look-up wants them. */
	rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 0);
	/* Most keys that are looked up while batches are applied are new ones:
	 * a filter says so, of the tables and of what is in memory. */
	if (family->looked_up) {
		rocksdb_block_based_options_set_filter_policy(
		    table, rocksdb_filterpolicy_create_bloom_full(BLOOM_BITS));
		rocksdb_options_set_memtable_whole_key_filtering(options, 1);
		rocksdb_options_set_memtable_prefix_bloom_size_ratio(
		    options, MEMORY_BLOOM_SHARE);
	}
	if (family->grouped)
		rocksdb_options_set_prefix_extractor(options,
		    rocksdb_slicetransform_create(NULL, group_nothing, group_of,
			group_is_whole, group_is_whole, group_name));
	rocksdb_options_set_block_based_table_factory(options, table);
	rocksdb_block_based_options_destroy(table);
	rocksdb_options_set_write_buffer_size(options, WRITE_BUFFER_BYTES);
	rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1);
	rocksdb_options_set_compression(options, family->compressed
						     ? rocksdb_lz4_compression
						     : rocksdb_no_compression);
	return options;
}

static rocksdb_options_t *
kv_options(void)
{
	rocksdb_options_t *options = rocksdb_options_create();

	rocksdb_options_set_create_if_missing(options, 1);
	rocksdb_options_set_create_missing_column_families(options, 1);
	rocksdb_options_set_paranoid_checks(options, 1);
	rocksdb_options_set_wal_recovery_mode(options, POINT_IN_TIME_RECOVERY);
	rocksdb_options_set_max_total_wal_size(options, WAL_BYTES);
	rocksdb_options_set_max_background_jobs(options, BACKGROUND_JOBS);
	rocksdb_options_set_max_log_file_size(options, LOG_FILE_BYTES);
	rocksdb_options_set_keep_log_file_num(options, LOG_FILES);
	return options;
}

/* The default family must be opened, too; it stays empty. */
/* A node that was killed may hold the lock until its last thread is gone. */
static bool
kv_may_wait(char **error, unsigned *waited_ms)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_MS * 1000000};

	if (*waited_ms >= LOCK_WAIT_MS ||
	    strstr(*error, "While lock file") == NULL)
		return false;
	rocksdb_free(*error);
	*error = NULL;
	*waited_ms += LOCK_PAUSE_MS;
	nanosleep(&pause, NULL);
	return true;
}

static rocksdb_t *
kv_open_families(struct kv *kv, const char *folder,
    const struct kv_family *families, char **error)
{
	const char *names[KV_FAMILIES_MAX + 1] = {"default"};
	const rocksdb_options_t *options[KV_FAMILIES_MAX + 1] = {kv->options};
	rocksdb_column_family_handle_t *handles[KV_FAMILIES_MAX + 1];
	rocksdb_t *db;
	unsigned waited_ms = 0;
	size_t i;

	for (i = 0; i < kv->count; i++) {
		kv->family_options[i] = kv_family_options(kv, &families[i]);
		names[i + 1] = families[i].name;
		options[i + 1] = kv->family_options[i];
	}
	do {
		db = rocksdb_open_column_families(kv->options, folder,
		    (int)kv->count + 1, names, options, handles, error);
	} while (db == NULL && kv_may_wait(error, &waited_ms));
	if (db == NULL || *error != NULL)
		return NULL;
	rocksdb_column_family_handle_destroy(handles[0]);
	memcpy(kv->families, handles + 1, kv->count * sizeof(*handles));
	return db;
}

enum err
kv_open(const char *folder, const struct kv_family *families, size_t count,
    struct kv **out, struct why *why)
{
	struct kv *kv = mem_new(sizeof(*kv));
	char *error = NULL;

	assert(count <= KV_FAMILIES_MAX);
	kv->count = count;
	kv->cache = rocksdb_cache_create_lru(CACHE_BYTES);
	kv->options = kv_options();
	kv->relaxed = rocksdb_writeoptions_create();
	kv->synced = rocksdb_writeoptions_create();
	rocksdb_writeoptions_set_sync(kv->synced, 1);
	kv->db = kv_open_families(kv, folder, families, &error);
	if (kv->db == NULL) {
		kv_close(kv);
		return kv_fault(error, why);
	}
	*out = kv;
	return ERR_OK;
}

/* A clean stop leaves no log to replay. */
static void
kv_flush(struct kv *kv)
{
	rocksdb_flushoptions_t *options = rocksdb_flushoptions_create();
	char *error = NULL;
	size_t i;

	rocksdb_flushoptions_set_wait(options, 1);
	for (i = 0; i < kv->count; i++) {
		rocksdb_flush_cf(kv->db, options, kv->families[i], &error);
		/* What is not flushed is in the log still. */
		rocksdb_free(error);
		error = NULL;
	}
	rocksdb_flushoptions_destroy(options);
}

void
kv_close(struct kv *kv)
{
	size_t i;

	if (kv == NULL)
		return;
	if (kv->db != NULL)
		kv_flush(kv);
	for (i = 0; i < kv->count && kv->db != NULL; i++)
		rocksdb_column_family_handle_destroy(kv->families[i]);
	if (kv->db != NULL)
		rocksdb_close(kv->db);
	for (i = 0; i < kv->count; i++)
		rocksdb_options_destroy(kv->family_options[i]);
	rocksdb_options_destroy(kv->options);
	rocksdb_writeoptions_destroy(kv->relaxed);
	rocksdb_writeoptions_destroy(kv->synced);
	rocksdb_cache_destroy(kv->cache);
	mem_free(kv);
}

bool
kv_is_damaged(const struct kv *kv)
{
	return atomic_load(&kv->damaged);
}

enum err
kv_sync(struct kv *kv, struct why *why)
{
	char *error = NULL;

	rocksdb_flush_wal(kv->db, 1, &error);
	return error == NULL ? ERR_OK : kv_fault_in(kv, error, why);
}

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
	rocksdb_readoptions_set_prefix_same_as_start(cursor->options, 1);
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

struct kv_write *
kv_write_begin(struct kv *kv)
{
	struct kv_write *write = mem_new(sizeof(*write));

	write->kv = kv;
	write->batch = rocksdb_writebatch_create();
	return write;
}

void
kv_write_put(
    struct kv_write *write, unsigned family, struct span key, struct span value)
{
	rocksdb_writebatch_put_cf(write->batch, write->kv->families[family],
	    key.ptr, key.len, value.len > 0 ? value.ptr : "", value.len);
}

void
kv_write_delete(struct kv_write *write, unsigned family, struct span key)
{
	rocksdb_writebatch_delete_cf(
	    write->batch, write->kv->families[family], key.ptr, key.len);
}

void
kv_write_delete_range(struct kv_write *write, unsigned family, struct span from,
    struct span until)
{
	rocksdb_writebatch_delete_range_cf(write->batch,
	    write->kv->families[family], from.ptr, from.len, until.ptr,
	    until.len);
}

enum err
kv_write_end(struct kv_write *write, bool sync, struct why *why)
{
	struct kv *kv = write->kv;
	char *error = NULL;

	rocksdb_write(
	    kv->db, sync ? kv->synced : kv->relaxed, write->batch, &error);
	kv_write_cancel(write);
	return error == NULL ? ERR_OK : kv_fault_in(kv, error, why);
}

void
kv_write_cancel(struct kv_write *write)
{
	if (write == NULL)
		return;
	rocksdb_writebatch_destroy(write->batch);
	mem_free(write);
}
