/*
 * kv: sorted keys and values on this machine's disk.
 */
#include "node/kv.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "node/kv_inner.h"

#define LOCK_WAIT_MS 10000
#define LOCK_PAUSE_MS 100
/* Of a family, and of all of a store together. */
#define WRITE_BUFFER_BYTES (32 << 20)
#define WRITE_BUFFERS_BYTES (48 << 20)
/* Rows that come in no order are sorted in pieces that fit the processor's
 * caches, which takes half the time of one piece; pieces become one table. */
#define WRITE_PIECES 8
#define WAL_BYTES (256 << 20)
/* Updates look up one record of a block, so a small one that is quickly made
 * plain again; all of a subject is read together, so not the smallest: with
 * half of it updates cost the same and a report's records 6 us more. */
#define BLOCK_BYTES (8 << 10)
#define BLOOM_BITS 10
#define MEMORY_BLOOM_SHARE 0.02 /* of the write buffer */
#define LOG_FILE_BYTES (8 << 20)
#define LOG_FILES 4
#define BACKGROUND_JOBS 2
#define POINT_IN_TIME_RECOVERY 2

/* Of all stores of this process. */
static size_t cache_bytes = 256 << 20;
static rocksdb_cache_t *cache;
static _Atomic uint64_t beside; /* what all stores have outside of it */
static pthread_once_t cache_once = PTHREAD_ONCE_INIT;

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
kv_family_options(const struct kv_family *family)
{
	rocksdb_options_t *options = rocksdb_options_create();
	rocksdb_block_based_table_options_t *table =
	    rocksdb_block_based_options_create();

	rocksdb_block_based_options_set_block_cache(table, cache);
	rocksdb_block_based_options_set_block_size(table, BLOCK_BYTES);
	/* Every look-up wants them, so they are never looked for (kv_weigh). */
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
	if (family->looked_up) {
		rocksdb_options_set_write_buffer_size(
		    options, WRITE_BUFFER_BYTES / WRITE_PIECES);
		rocksdb_options_set_min_write_buffer_number_to_merge(
		    options, WRITE_PIECES);
		rocksdb_options_set_max_write_buffer_number(
		    options, 2 * WRITE_PIECES);
	}
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
	rocksdb_options_set_db_write_buffer_size(options, WRITE_BUFFERS_BYTES);
	rocksdb_options_set_max_background_jobs(options, BACKGROUND_JOBS);
	rocksdb_options_set_max_log_file_size(options, LOG_FILE_BYTES);
	rocksdb_options_set_keep_log_file_num(options, LOG_FILES);
	return options;
}

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

/* The default family must be opened, too; it stays empty. */
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
		kv->family_options[i] = kv_family_options(&families[i]);
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

static void
make_cache(void)
{
	cache = rocksdb_cache_create_lru(cache_bytes);
}

void
kv_set_cache(size_t bytes)
{
	cache_bytes = bytes;
}

enum err
kv_open(const char *folder, const struct kv_family *families, size_t count,
    struct kv **out, struct why *why)
{
	struct kv *kv = mem_new(sizeof(*kv));
	char *error = NULL;

	assert(count <= KV_FAMILIES_MAX);
	kv->count = count;
	(void)pthread_once(&cache_once, make_cache);
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
	atomic_fetch_sub(&beside, kv->weight);
	for (i = 0; i < kv->count && kv->db != NULL; i++)
		rocksdb_column_family_handle_destroy(kv->families[i]);
	if (kv->db != NULL)
		rocksdb_close(kv->db);
	for (i = 0; i < kv->count; i++)
		rocksdb_options_destroy(kv->family_options[i]);
	rocksdb_options_destroy(kv->options);
	rocksdb_writeoptions_destroy(kv->relaxed);
	rocksdb_writeoptions_destroy(kv->synced);
	mem_free(kv);
}

void
kv_weigh(struct kv *kv)
{
	static const char *const each[] = {"rocksdb.estimate-table-readers-mem",
	    "rocksdb.size-all-mem-tables"};
	uint64_t sum = 0, value, all;
	size_t i, what;

	for (i = 0; i < kv->count; i++)
		for (what = 0; what < 2; what++)
			if (rocksdb_property_int_cf(kv->db, kv->families[i],
				each[what], &value) == 0)
				sum += value;
	all = atomic_fetch_add(&beside, sum - kv->weight) + sum - kv->weight;
	kv->weight = sum;
	rocksdb_cache_set_capacity(
	    cache, all < cache_bytes / 2 ? cache_bytes - all : cache_bytes / 2);
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
