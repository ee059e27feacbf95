/*
 * parcel: one sealed batch, opened.
 */
#include "node/parcel.h"

#include <stdlib.h>

#include "base/mem.h"
#include "node/store_key.h"

struct parcel_tools {
	struct keyring *keys;
	struct opener *opener;
	struct arena *arena;
	struct buf values;    /* of all rows, one behind the other */
	struct sealed sealed; /* borrows from the bytes */
	uint64_t serial;      /* of the keyring, when it was checked */
	bool was_opened;
};

void
parcel_init(struct parcel *parcel, struct keyring *keys)
{
	*parcel = (struct parcel){0};
	parcel->tools = mem_new(sizeof(*parcel->tools));
	parcel->tools->keys = keys;
	parcel->tools->opener = opener_new(keys);
	parcel->tools->arena = arena_new();
}

void
parcel_release(struct parcel *parcel)
{
	if (parcel->tools == NULL)
		return;
	opener_free(parcel->tools->opener);
	arena_free(parcel->tools->arena);
	buf_release(&parcel->tools->values);
	mem_free(parcel->tools);
	parcel->tools = NULL;
}

void
parcel_begin(struct parcel *parcel, struct span bytes)
{
	struct parcel_tools *tools = parcel->tools;

	tools->was_opened = false;
	*parcel = (struct parcel){.bytes = bytes, .tools = tools};
}

void
parcel_check(struct parcel *parcel)
{
	struct parcel_tools *tools = parcel->tools;

	/* Asked for before the check: what is learned meanwhile counts. */
	tools->serial = keyring_serial(tools->keys);
	parcel->checked = opener_check(tools->opener, parcel->bytes,
	    &parcel->header, &tools->sealed, &parcel->why);
}

void
parcel_renew(struct parcel *parcel)
{
	if (parcel->tools->serial == keyring_serial(parcel->tools->keys))
		return;
	parcel_begin(parcel, parcel->bytes);
	parcel_check(parcel);
}

/* Of records with one key the later one is behind: rows are in the order of
 * the batch before, and so are their values in memory. */
static int
row_order(const void *one, const void *other)
{
	const struct parcel_row *a = one, *b = other;
	int order = span_order(a->key, b->key);

	if (order != 0)
		return order;
	return a->value.ptr < b->value.ptr ? -1 : 1;
}

static struct span
parcel_print_key(struct parcel *parcel, size_t number, struct buf *key)
{
	buf_reset(key);
	store_record_key(parcel->header.stream, &parcel->records[number], key);
	return span_make(
	    arena_text(parcel->tools->arena, key->data, key->len), key->len);
}

/* The room is there from the beginning, so that values stay where they are. */
static bool
parcel_print_rows(struct parcel *parcel, struct parcel_row *rows)
{
	struct span rest = opener_packed(parcel->tools->opener), packed;
	struct buf *values = &parcel->tools->values, key = {0};
	bool good = true;
	size_t i, begun;

	buf_reset(values);
	buf_room(values, rest.len + parcel->count * DIGEST_LEN);
	for (i = 0; i < parcel->count && good; i++) {
		rows[i].key = parcel_print_key(parcel, i, &key);
		rows[i].element = record_element(&parcel->records[i]);
		good = unpack_batch_next(&rest, &packed);
		begun = values->len;
		if (good)
			store_record_value(&rows[i].element, packed, values);
		rows[i].value =
		    span_make(values->data + begun, values->len - begun);
	}
	buf_release(&key);
	return good;
}

/* The last one of each key, and what they add up to. */
static void
parcel_settle_rows(struct parcel *parcel, struct parcel_row *rows)
{
	struct arena *arena = parcel->tools->arena;
	struct span *keys = arena_take(arena, parcel->count * sizeof(*keys));
	struct digest *elements =
	    arena_take(arena, parcel->count * sizeof(*elements));
	size_t i, kept = 0;

	for (i = 0; i < parcel->count; i++) {
		if (i + 1 < parcel->count &&
		    span_equal(rows[i].key, rows[i + 1].key))
			continue;
		rows[kept] = rows[i];
		keys[kept] = rows[i].key;
		elements[kept++] = rows[i].element;
	}
	setsum_add_all(&parcel->sum, elements, kept);
	parcel->rows = rows;
	parcel->keys = keys;
	parcel->row_count = kept;
}

static enum err
parcel_unpack(struct parcel *parcel)
{
	struct parcel_tools *tools = parcel->tools;
	struct parcel_row *rows;
	struct record *records;
	enum err err;

	arena_reset(tools->arena);
	err = opener_open(tools->opener, &parcel->header, &tools->sealed,
	    tools->arena, &records, &parcel->why);
	if (err != ERR_OK)
		return err;
	parcel->records = records;
	parcel->count =
	    (size_t)(parcel->header.last - parcel->header.first + 1);
	rows = arena_take(tools->arena, parcel->count * sizeof(*rows));
	if (!parcel_print_rows(parcel, rows))
		return ERR_INVALID;
	qsort(rows, parcel->count, sizeof(*rows), row_order);
	parcel_settle_rows(parcel, rows);
	return ERR_OK;
}

void
parcel_open(struct parcel *parcel)
{
	if (parcel->checked != ERR_OK || parcel->tools->was_opened)
		return;
	parcel->tools->was_opened = true;
	parcel->opened = parcel_unpack(parcel);
}
