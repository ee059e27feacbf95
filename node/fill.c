/*
 * fill: checked chunks of an image become table files.
 */
#include "node/fill.h"

#include "node/store_key.h"

/* A crash costs no more than a table of work, and the store does not drown in
 * small files. */
#define TABLE_BYTES (32 << 20)

struct fill {
	struct store *store;
	struct staging *staging;
	const struct index *index;
	struct snapshot *newest; /* NULL: nothing is held of the stream */
	struct kv_table *table;  /* NULL: none begun */
	uint32_t first, last;    /* chunks in it */
	struct fill_count count;
};

/* One chunk, beside what we hold within its range. */
struct merge {
	struct fill *fill;
	const char *stream;
	const struct record *records;
	uint32_t at, count;
	struct buf key, packed, value; /* of records[at] */
};

struct fill *
fill_new(struct store *store, struct staging *staging,
    const struct index *index, bool alone)
{
	struct fill *fill = mem_new(sizeof(*fill));

	fill->store = store;
	fill->staging = staging;
	fill->index = index;
	if (alone)
		return fill;
	fill->newest = store_newest(store);
	kv_view_spare_cache(snapshot_view(fill->newest));
	return fill;
}

void
fill_free(struct fill *fill)
{
	if (fill == NULL)
		return;
	kv_table_cancel(fill->table);
	snapshot_release(fill->newest);
	mem_free(fill);
}

static void
merge_load(struct merge *merge)
{
	const struct record *record = &merge->records[merge->at];
	struct digest element;

	if (merge->at == merge->count)
		return;
	buf_reset(&merge->key);
	buf_reset(&merge->packed);
	buf_reset(&merge->value);
	element = record_element(record);
	store_record_key(merge->stream, record, &merge->key);
	pack_record(record, &merge->packed);
	store_record_value(&element, buf_span(&merge->packed), &merge->value);
}

static void
merge_put(struct merge *merge)
{
	kv_table_put(
	    merge->fill->table, buf_span(&merge->key), buf_span(&merge->value));
}

static void
merge_put_new(struct merge *merge)
{
	merge_put(merge);
	merge->fill->count.put++;
	merge->at++;
	merge_load(merge);
}

/* The same record here and there.  A table must not be without rows. */
static void
merge_put_same(struct merge *merge, struct span ours)
{
	if (!span_equal(ours, buf_span(&merge->value))) {
		merge_put_new(merge);
		return;
	}
	if (kv_table_rows(merge->fill->table) == 0)
		merge_put(merge);
	merge->at++;
	merge_load(merge);
}

static bool
merge_row(void *context, struct span key, struct span value)
{
	struct merge *merge = context;

	if (!store_key_is_of(key, merge->stream))
		return true;
	while (merge->at < merge->count &&
	       span_order(buf_span(&merge->key), key) < 0)
		merge_put_new(merge);
	if (merge->at < merge->count &&
	    span_equal(buf_span(&merge->key), key)) {
		merge_put_same(merge, value);
	} else {
		kv_table_delete(merge->fill->table, key);
		merge->fill->count.deleted++;
	}
	return true;
}

/* What is held within the chunk's range.  The store is in the order of
 * subjects, so other streams' rows lie there too. */
static enum err
merge_held(struct merge *merge, uint32_t number, struct why *why)
{
	struct fill *fill = merge->fill;
	struct image_bounds bounds = index_bounds(fill->index, number);
	struct span first = fill->index->entries[number].first_key;
	struct kv_range range = {.family = STORE_RECORDS};
	struct buf from = {0}, until = {0};
	enum err err;

	if (!bounds.first)
		store_key_of_image(merge->stream, first, &from);
	if (bounds.next_key.len > 0)
		store_key_of_image(merge->stream, bounds.next_key, &until);
	range.from = buf_span(&from);
	range.until = buf_span(&until);
	err =
	    kv_each(snapshot_view(fill->newest), &range, merge_row, merge, why);
	buf_release(&from);
	buf_release(&until);
	return err;
}

static enum err
merge_run(struct merge *merge, uint32_t number, struct why *why)
{
	enum err err = ERR_OK;

	merge_load(merge);
	if (merge->fill->newest != NULL)
		err = merge_held(merge, number, why);
	while (err == ERR_OK && merge->at < merge->count)
		merge_put_new(merge);
	return err;
}

enum err
fill_end(struct fill *fill, struct why *why)
{
	struct kv_table *table = fill->table;
	enum err err;

	if (table == NULL)
		return ERR_OK;
	fill->table = NULL;
	err = kv_table_end(table, why);
	if (err == ERR_OK)
		err = staging_keep(fill->staging, fill->first, fill->last, why);
	return err;
}

/* Chunks from first to last that are not in the table do not differ. */
enum err
fill_chunk(struct fill *fill, uint32_t number, const struct record *records,
    struct why *why)
{
	struct merge merge = {.fill = fill,
	    .stream = fill->index->head.stream,
	    .records = records,
	    .count = fill->index->entries[number].records};
	enum err err;

	if (fill->table == NULL) {
		fill->table = kv_table_begin(store_kv(fill->store),
		    STORE_RECORDS, staging_part(fill->staging), why);
		fill->first = number;
	}
	if (fill->table == NULL)
		return ERR_DATABASE;
	fill->last = number;
	err = merge_run(&merge, number, why);
	if (err == ERR_OK && kv_table_size(fill->table) >= TABLE_BYTES)
		err = fill_end(fill, why);
	buf_release(&merge.key);
	buf_release(&merge.packed);
	buf_release(&merge.value);
	return err;
}

struct fill_count
fill_count(const struct fill *fill)
{
	return fill->count;
}
