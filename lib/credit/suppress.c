/*
 * suppress: which cells must be hidden so that the hidden ones cannot be
 * computed from the others.
 */
#include "credit/suppress.h"

#include "base/mem.h"

#define NONE SIZE_MAX

/* A row or a column; `lines` numbers rows first. */
struct line {
	size_t parent; /* in the forest; NONE: a root */
	size_t depth;
	bool seen;
	bool covered; /* another way leads around the edge to the parent */
};

struct forest {
	struct suppress *table;
	struct line *lines;
	size_t *queue;
	size_t count;
};

/* The cell where a row and a column meet, whichever comes first. */
static size_t
cell_of(const struct suppress *table, size_t a, size_t b)
{
	size_t row = a < table->rows ? a : b;
	size_t column = (a < table->rows ? b : a) - table->rows;

	return row * table->columns + column;
}

static bool
is_edge(const struct suppress *table, size_t a, size_t b)
{
	return table->hidden[cell_of(table, a, b)];
}

/* The lines that cross this one: columns of a row, rows of a column. */
static size_t
first_crossing(const struct suppress *table, size_t line)
{
	return line < table->rows ? table->rows : 0;
}

static size_t
last_crossing(const struct suppress *table, size_t line)
{
	return line < table->rows ? table->rows + table->columns : table->rows;
}

static size_t
visit(struct forest *forest, size_t line, size_t end)
{
	size_t other = first_crossing(forest->table, line);
	size_t last = last_crossing(forest->table, line);

	for (; other < last; other++) {
		if (forest->lines[other].seen ||
		    !is_edge(forest->table, line, other))
			continue;
		forest->lines[other] = (struct line){
		    line, forest->lines[line].depth + 1, true, false};
		forest->queue[end++] = other;
	}
	return end;
}

static void
grow_from(struct forest *forest, size_t root)
{
	size_t at = 0, end = 1;

	if (forest->lines[root].seen)
		return;
	forest->lines[root] = (struct line){NONE, 0, true, true};
	forest->queue[0] = root;
	while (at < end)
		end = visit(forest, forest->queue[at++], end);
}

/* An edge outside the forest closes a circle over all on the way up. */
static void
cover(struct forest *forest, size_t a, size_t b)
{
	struct line *lines = forest->lines;
	size_t *deeper;

	if (lines[a].parent == b || lines[b].parent == a)
		return;
	while (a != b) {
		deeper = lines[a].depth > lines[b].depth ? &a : &b;
		lines[*deeper].covered = true;
		*deeper = lines[*deeper].parent;
	}
}

static void
cover_all(struct forest *forest)
{
	const struct suppress *table = forest->table;
	size_t row, column;

	for (row = 0; row < table->rows; row++) {
		for (column = table->rows; column < forest->count; column++) {
			if (is_edge(table, row, column))
				cover(forest, row, column);
		}
	}
}

static bool
is_below(const struct forest *forest, size_t line, size_t top)
{
	while (line != NONE && line != top)
		line = forest->lines[line].parent;
	return line == top;
}

static size_t
root_of(const struct forest *forest, size_t line)
{
	while (forest->lines[line].parent != NONE)
		line = forest->lines[line].parent;
	return line;
}

/* The smallest open cell that leads around the bridge above `low`; without
 * one, the smallest that leads anywhere else from there. */
static size_t
way_around(const struct forest *forest, size_t low)
{
	const struct suppress *table = forest->table;
	size_t row, column, cell, best = NONE, other = NONE;
	size_t root = root_of(forest, low);
	bool row_below, column_below;

	for (row = 0; row < table->rows; row++) {
		row_below = is_below(forest, row, low);
		for (column = table->rows; column < forest->count; column++) {
			column_below = is_below(forest, column, low);
			cell = cell_of(table, row, column);
			if (table->hidden[cell] || row_below == column_below)
				continue;
			if (other == NONE ||
			    table->counts[cell] < table->counts[other])
				other = cell;
			if (root_of(forest, row_below ? column : row) != root)
				continue;
			if (best == NONE ||
			    table->counts[cell] < table->counts[best])
				best = cell;
		}
	}
	return best != NONE ? best : other;
}

/* True: a bridge was met and something was hidden. */
static bool
mend_bridge(struct suppress *table)
{
	struct forest forest = {
	    .table = table, .count = table->rows + table->columns};
	size_t i, cell = NONE;

	forest.lines = mem_new(forest.count * sizeof(*forest.lines));
	forest.queue = mem_new(forest.count * sizeof(*forest.queue));
	for (i = 0; i < forest.count; i++)
		grow_from(&forest, i);
	cover_all(&forest);
	for (i = 0; i < forest.count && cell == NONE; i++) {
		if (!forest.lines[i].covered)
			cell = way_around(&forest, i);
	}
	mem_free(forest.lines);
	mem_free(forest.queue);
	if (cell != NONE)
		table->hidden[cell] = true;
	return cell != NONE;
}

/* One line of cells: `step` apart.  Hidden cells are never one, and together
 * never fewer than k but for a line that is hidden whole. */
static bool
mend_line(struct suppress *table, size_t first, size_t step, size_t count)
{
	size_t i, cell, hidden = 0, smallest = NONE;
	uint64_t sum = 0;

	for (i = 0; i < count; i++) {
		cell = first + i * step;
		if (table->hidden[cell]) {
			hidden++;
			/* The last one is the total, not a part of it. */
			sum += i + 1 < count ? table->counts[cell] : table->k;
		} else if (smallest == NONE ||
			   table->counts[cell] < table->counts[smallest]) {
			smallest = cell;
		}
	}
	if (hidden == 0 || smallest == NONE || (hidden > 1 && sum >= table->k))
		return false;
	table->hidden[smallest] = true;
	return true;
}

static bool
mend_lines(struct suppress *table)
{
	bool mended = false;
	size_t i;

	for (i = 0; i < table->rows; i++)
		mended |=
		    mend_line(table, i * table->columns, 1, table->columns);
	for (i = 0; table->rows > 1 && i < table->columns; i++)
		mended |= mend_line(table, i, table->columns, table->rows);
	return mended;
}

void
suppress_complete(struct suppress *table)
{
	bool mended = true;

	while (mended) {
		mended = mend_lines(table);
		if (!mended && table->rows > 1)
			mended = mend_bridge(table);
	}
}
