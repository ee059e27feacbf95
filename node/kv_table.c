/*
 * kv_table: rows in a file of their own, to be taken in later.
 */
#include <stdio.h>

#include "base/mem.h"
#include "node/kv_inner.h"

#define PATH_SIZE 4096

struct kv_table {
	struct kv *kv;
	rocksdb_envoptions_t *environment;
	rocksdb_sstfilewriter_t *writer;
	size_t rows;
	char *error; /* the first; nothing is written behind it */
	char path[PATH_SIZE];
};

struct kv_table *
kv_table_begin(
    struct kv *kv, unsigned family, const char *path, struct why *why)
{
	struct kv_table *table = mem_new(sizeof(*table));

	table->kv = kv;
	snprintf(table->path, sizeof(table->path), "%s", path);
	table->environment = rocksdb_envoptions_create();
	table->writer = rocksdb_sstfilewriter_create(
	    table->environment, kv->family_options[family]);
	rocksdb_sstfilewriter_open(table->writer, path, &table->error);
	if (table->error == NULL)
		return table;
	(void)kv_fault_in(kv, table->error, why);
	table->error = NULL;
	kv_table_cancel(table);
	return NULL;
}

void
kv_table_put(struct kv_table *table, struct span key, struct span value)
{
	if (table->error != NULL)
		return;
	rocksdb_sstfilewriter_put(table->writer, key.ptr, key.len,
	    value.len > 0 ? value.ptr : "", value.len, &table->error);
	table->rows++;
}

void
kv_table_delete(struct kv_table *table, struct span key)
{
	if (table->error != NULL)
		return;
	rocksdb_sstfilewriter_delete(
	    table->writer, key.ptr, key.len, &table->error);
	table->rows++;
}

size_t
kv_table_rows(const struct kv_table *table)
{
	return table->rows;
}

uint64_t
kv_table_size(const struct kv_table *table)
{
	uint64_t size = 0;

	rocksdb_sstfilewriter_file_size(table->writer, &size);
	return size;
}

static void
kv_table_release(struct kv_table *table)
{
	rocksdb_sstfilewriter_destroy(table->writer);
	rocksdb_envoptions_destroy(table->environment);
	rocksdb_free(table->error);
	mem_free(table);
}

enum err
kv_table_end(struct kv_table *table, struct why *why)
{
	char *error;

	if (table->error == NULL)
		rocksdb_sstfilewriter_finish(table->writer, &table->error);
	error = table->error;
	if (error == NULL) {
		kv_table_release(table);
		return ERR_OK;
	}
	table->error = NULL;
	(void)kv_fault_in(table->kv, error, why);
	kv_table_cancel(table);
	return ERR_DATABASE;
}

void
kv_table_cancel(struct kv_table *table)
{
	if (table == NULL)
		return;
	remove(table->path);
	kv_table_release(table);
}

enum err
kv_ingest(struct kv *kv, unsigned family, const char *const *paths,
    size_t count, struct why *why)
{
	rocksdb_ingestexternalfileoptions_t *options =
	    rocksdb_ingestexternalfileoptions_create();
	char *error = NULL;

	/* A copy, not a link: RocksDB writes its sequence number into the file
	 * before it notes that the file is its own, and what a kill leaves
	 * between the two must not be what is taken in the next time. */
	rocksdb_ingestexternalfileoptions_set_move_files(options, 0);
	if (count > 0)
		rocksdb_ingest_external_file_cf(kv->db, kv->families[family],
		    paths, count, options, &error);
	rocksdb_ingestexternalfileoptions_destroy(options);
	return error == NULL ? ERR_OK : kv_fault_in(kv, error, why);
}

bool
kv_is_merging(struct kv *kv)
{
	static const char *const each[] = {
	    "rocksdb.compaction-pending", "rocksdb.mem-table-flush-pending"};
	uint64_t sum = 0, value;
	size_t i, what;

	for (i = 0; i < kv->count; i++)
		for (what = 0; what < 2; what++)
			if (rocksdb_property_int_cf(kv->db, kv->families[i],
				each[what], &value) == 0)
				sum += value;
	if (rocksdb_property_int(
		kv->db, "rocksdb.num-running-compactions", &value) == 0)
		sum += value;
	return sum > 0;
}
