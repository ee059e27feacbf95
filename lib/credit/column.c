/*
 * column: whole numbers, in as few bytes as neighbours need.
 */
#include "credit/column.h"

#include <stdbool.h>

#include "base/mem.h"

#define PAGE 1024 /* numbers */

/* Where there are some without a number code 0 is theirs, and others are one
 * more than how far they are above the least. */
struct page {
	uint8_t *codes; /* NULL: all are 0 */
	int64_t least;
	uint8_t width; /* bytes of a code, the lowest first */
	bool has_none;
};

struct column {
	int64_t none;
	struct page *pages; /* full ones */
	size_t count, size;
	int64_t *open; /* PAGE of them, not packed yet */
	size_t open_count;
	size_t bytes; /* of codes */
};

struct column *
column_new(int64_t none)
{
	struct column *column = mem_new(sizeof(*column));

	column->none = none;
	column->open = mem_new(PAGE * sizeof(*column->open));
	return column;
}

void
column_free(struct column *column)
{
	size_t i;

	if (column == NULL)
		return;
	for (i = 0; i < column->count; i++)
		mem_free(column->pages[i].codes);
	mem_free(column->pages);
	mem_free(column->open);
	mem_free(column);
}

/* Differences are those of unsigned numbers, which may be any. */
static uint64_t
code_of(const struct column *column, const struct page *page, int64_t number)
{
	if (page->has_none && number == column->none)
		return 0;
	return (uint64_t)number - (uint64_t)page->least + page->has_none;
}

static void
page_measure(struct page *page, const struct column *column)
{
	uint64_t code, largest = 0;
	size_t i;

	page->least = INT64_MAX;
	for (i = 0; i < PAGE; i++) {
		if (column->open[i] == column->none)
			page->has_none = true;
		else if (column->open[i] < page->least)
			page->least = column->open[i];
	}
	for (i = 0; i < PAGE; i++) {
		code = code_of(column, page, column->open[i]);
		largest = code > largest ? code : largest;
	}
	for (; largest != 0; largest >>= 8)
		page->width++;
}

static void
page_pack(struct page *page, const struct column *column)
{
	uint8_t *at;
	uint64_t code;
	unsigned byte;
	size_t i;

	if (page->width == 0)
		return;
	at = page->codes = mem_new((size_t)PAGE * page->width);
	for (i = 0; i < PAGE; i++) {
		code = code_of(column, page, column->open[i]);
		for (byte = 0; byte < page->width; byte++, code >>= 8)
			*at++ = (uint8_t)code;
	}
}

static void
column_close_page(struct column *column)
{
	struct page page = {.width = 0};

	if (column->count == column->size) {
		column->size += column->size / 2 + 16;
		column->pages = mem_grow(
		    column->pages, column->size * sizeof(*column->pages));
	}
	page_measure(&page, column);
	page_pack(&page, column);
	column->pages[column->count++] = page;
	column->bytes += (size_t)PAGE * page.width;
	column->open_count = 0;
}

void
column_add(struct column *column, int64_t number)
{
	column->open[column->open_count++] = number;
	if (column->open_count == PAGE)
		column_close_page(column);
}

int64_t
column_get(const struct column *column, size_t row)
{
	const struct page *page;
	uint64_t code = 0;
	size_t begun, byte;

	if (row / PAGE == column->count)
		return column->open[row % PAGE];
	page = &column->pages[row / PAGE];
	begun = row % PAGE * page->width;
	for (byte = page->width; byte > 0; byte--)
		code = code << 8 | page->codes[begun + byte - 1];
	if (page->has_none && code == 0)
		return column->none;
	return (int64_t)((uint64_t)page->least + code - page->has_none);
}

size_t
column_size(const struct column *column)
{
	return sizeof(*column) + PAGE * sizeof(*column->open) +
	       column->size * sizeof(*column->pages) + column->bytes;
}
