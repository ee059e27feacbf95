/*
 * pack_usage: a piece of a trail inside an upward message.
 */
#include "wire/pack_usage.h"

#include <assert.h>

#include "credit/note.h"
#include "wire/pack_part.h"

#define ACTION_MAX 15
/* Names of purposes and rules that this version does not know are a newer
 * node's: they are counted as they are. */
#define NUMBER_MAX 255
#define TIME_END_US INT64_C(4102444800000000) /* the year 2100 */

static Rongxin__UsageRow *
row_build(const struct usage_row *row, struct arena *arena)
{
	Rongxin__UsageRow *packed = arena_take(arena, sizeof(*packed));
	uint8_t *leaf = arena_take(arena, DIGEST_LEN);

	rongxin__usage_row__init(packed);
	memcpy(leaf, row->leaf.bytes, DIGEST_LEN);
	packed->leaf.data = leaf;
	packed->leaf.len = DIGEST_LEN;
	packed->time_us = row->time_us;
	packed->member = arena_text(arena, row->member.ptr, row->member.len);
	packed->action = arena_text(arena, row->action.ptr, row->action.len);
	packed->purpose = row->purpose;
	packed->n_items = row->item_count;
	packed->items =
	    arena_take(arena, row->item_count * sizeof(*packed->items));
	if (row->item_count > 0)
		memcpy(packed->items, row->items,
		    row->item_count * sizeof(*packed->items));
	packed->rule = row->rule;
	return packed;
}

Rongxin__Usage *
usage_build(const struct upward *upward, struct arena *arena)
{
	Rongxin__Usage *packed = arena_take(arena, sizeof(*packed));
	size_t i;

	assert(upward->row_count <= USAGE_ROWS_MAX);
	rongxin__usage__init(packed);
	packed->first = upward->first;
	packed->checkpoint = part_bytes(upward->checkpoint);
	packed->n_rows = upward->row_count;
	packed->rows =
	    arena_take(arena, upward->row_count * sizeof(*packed->rows));
	for (i = 0; i < upward->row_count; i++)
		packed->rows[i] = row_build(&upward->rows[i], arena);
	return packed;
}

static bool
row_take(const Rongxin__UsageRow *packed, struct usage_row *row)
{
	size_t i;

	if (packed->base.n_unknown_fields != 0 ||
	    !part_take_digest(packed->leaf, &row->leaf) ||
	    !part_is_text(packed->member, MEMBER_CODE_MAX) ||
	    !part_is_text(packed->action, ACTION_MAX) ||
	    packed->purpose > NUMBER_MAX || packed->rule > NUMBER_MAX ||
	    packed->n_items > QUESTION_ITEMS_MAX)
		return false;
	for (i = 0; i < packed->n_items; i++)
		if (packed->items[i] > UINT16_MAX)
			return false;
	if (packed->time_us < 0 || packed->time_us >= TIME_END_US)
		return false;
	row->time_us = packed->time_us;
	row->member = span_of(packed->member);
	row->action = span_of(packed->action);
	row->purpose = (enum purpose)packed->purpose;
	row->rule = (enum permit_rule)packed->rule;
	row->items = packed->items;
	row->item_count = packed->n_items;
	return true;
}

enum err
usage_fill(
    const Rongxin__Usage *packed, struct arena *arena, struct upward *upward)
{
	struct usage_row *rows;
	size_t i;

	if (packed->base.n_unknown_fields != 0 ||
	    packed->n_rows > USAGE_ROWS_MAX || packed->first > UINT64_MAX / 2 ||
	    packed->checkpoint.len > NOTE_MAX)
		return ERR_INVALID;
	rows = arena_take(arena, packed->n_rows * sizeof(*rows));
	for (i = 0; i < packed->n_rows; i++)
		if (!row_take(packed->rows[i], &rows[i]))
			return ERR_INVALID;
	upward->first = packed->first;
	upward->checkpoint = part_span(packed->checkpoint);
	upward->rows = rows;
	upward->row_count = packed->n_rows;
	return ERR_OK;
}
