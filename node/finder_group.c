/*
 * finder_group: rows of the index that are written together, in order.
 */
#include "node/finder_group.h"

#include <stdlib.h>

#include "base/mem.h"

struct finder_row {
	size_t offset; /* grows with each row */
	uint32_t len;
	bool deletes;
};

void
finder_group_release(struct finder_group *group)
{
	buf_release(&group->keys);
	mem_free(group->rows);
	*group = (struct finder_group){.rows = NULL};
}

void
finder_group_add(struct finder_group *group, struct span key, bool deletes)
{
	if (group->count == group->size) {
		group->size = group->size == 0 ? 4096 : group->size * 2;
		group->rows =
		    mem_grow(group->rows, group->size * sizeof(*group->rows));
	}
	group->rows[group->count++] =
	    (struct finder_row){group->keys.len, (uint32_t)key.len, deletes};
	buf_add(&group->keys, key.ptr, key.len);
}

static struct span
key_of(const struct finder_group *group, const struct finder_row *row)
{
	return span_make(group->keys.data + row->offset, row->len);
}

static int
by_key(const void *a, const void *b, void *context)
{
	const struct finder_row *first = a, *second = b;
	int order = span_order(key_of(context, first), key_of(context, second));

	if (order != 0)
		return order;
	return first->offset < second->offset ? -1 : 1;
}

void
finder_group_write(
    struct finder_group *group, struct kv_write *write, unsigned family)
{
	const struct finder_row *row;
	struct span key;
	size_t i;

	if (group->count > 0)
		qsort_r(group->rows, group->count, sizeof(*group->rows), by_key,
		    group);
	for (i = 0; i < group->count; i++) {
		row = &group->rows[i];
		key = key_of(group, row);
		if (i + 1 < group->count &&
		    span_equal(key, key_of(group, row + 1)))
			continue;
		if (row->deletes)
			kv_write_delete(write, family, key);
		else
			kv_write_put(write, family, key, span_of(""));
	}
	group->count = 0;
	buf_reset(&group->keys);
}
