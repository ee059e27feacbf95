/*
 * suppress: hidden cells cannot be computed, judged by linear algebra that
 * shares nothing with the graph.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "credit/suppress.h"

#define SIDE 6
#define CELLS (SIDE * SIDE)
#define PRIME 1000003

static uint64_t dice_state;

static unsigned
dice(unsigned below)
{
	dice_state = dice_state * UINT64_C(6364136223846793005) + 1442695;
	return (unsigned)(dice_state >> 33) % below;
}

static int64_t
inverse(int64_t value)
{
	int64_t result = 1, power = PRIME - 2;

	for (; power > 0; power /= 2) {
		if (power % 2 == 1)
			result = result * value % PRIME;
		value = value * value % PRIME;
	}
	return result;
}

/* What all lines say of the hidden cells, brought to reduced echelon form:
 * an equation with one unknown left gives that cell away. */
struct system {
	int64_t rows[2 * SIDE][CELLS];
	size_t count;
};

static void
reduce(struct system *system)
{
	size_t lead = 0, column, r, j;
	int64_t factor, swap;

	for (column = 0; column < CELLS && lead < system->count; column++) {
		for (r = lead; r < system->count; r++) {
			if (system->rows[r][column] != 0)
				break;
		}
		if (r == system->count)
			continue;
		factor = inverse(system->rows[r][column]);
		for (j = 0; j < CELLS; j++) {
			swap = system->rows[r][j] * factor % PRIME;
			system->rows[r][j] = system->rows[lead][j];
			system->rows[lead][j] = swap;
		}
		for (r = 0; r < system->count; r++) {
			factor = system->rows[r][column];
			for (j = 0; r != lead && factor != 0 && j < CELLS; j++)
				system->rows[r][j] =
				    (system->rows[r][j] +
					(PRIME - factor) *
					    system->rows[lead][j]) %
				    PRIME;
		}
		lead++;
	}
}

static size_t
cells_given_away(const struct suppress *table)
{
	struct system system = {.count = 0};
	size_t r, c, cell, given = 0, unknowns;

	for (r = 0; r < table->rows; r++, system.count++) {
		for (c = 0; c < table->columns; c++) {
			cell = r * table->columns + c;
			if (table->hidden[cell])
				system.rows[system.count][cell] =
				    c + 1 < table->columns ? 1 : PRIME - 1;
		}
	}
	for (c = 0; table->rows > 1 && c < table->columns;
	     c++, system.count++) {
		for (r = 0; r < table->rows; r++) {
			cell = r * table->columns + c;
			if (table->hidden[cell])
				system.rows[system.count][cell] =
				    r + 1 < table->rows ? 1 : PRIME - 1;
		}
	}
	reduce(&system);
	for (r = 0; r < system.count; r++) {
		for (cell = 0, unknowns = 0; cell < CELLS; cell++)
			unknowns += system.rows[r][cell] != 0;
		given += unknowns == 1;
	}
	return given;
}

struct sample {
	uint64_t counts[CELLS];
	bool hidden[CELLS];
	struct suppress table;
};

/* Many small cells among large ones, with all totals. */
static void
make_sample(struct sample *sample, size_t rows, size_t columns)
{
	size_t r, c;

	*sample = (struct sample){.table = {.rows = rows,
				      .columns = columns,
				      .counts = sample->counts,
				      .hidden = sample->hidden,
				      .k = 10}};
	for (r = 0; r + 1 < rows || r == 0; r++) {
		for (c = 0; c + 1 < columns; c++) {
			uint64_t count = dice(4) == 0 ? dice(10) : dice(900);

			sample->counts[r * columns + c] = count;
			sample->counts[r * columns + columns - 1] += count;
			if (rows == 1)
				continue;
			sample->counts[(rows - 1) * columns + c] += count;
			sample->counts[rows * columns - 1] += count;
		}
	}
	for (c = 0; c < rows * columns; c++)
		sample->hidden[c] = sample->counts[c] < 10;
}

static void
no_hidden_cell_of_a_table_can_be_computed(void **state)
{
	size_t before = 0, after = 0, round;
	struct sample sample;

	(void)state;
	dice_state = 7;
	for (round = 0; round < 3000; round++) {
		make_sample(&sample, 2 + dice(SIDE - 1), 2 + dice(SIDE - 1));
		before += cells_given_away(&sample.table) > 0;
		suppress_complete(&sample.table);
		after += cells_given_away(&sample.table) > 0;
	}
	print_message("tables that gave a cell away: %zu before, %zu after\n",
	    before, after);
	assert_true(before > 1000);
	assert_int_equal(after, 0);
}

static void
no_hidden_cell_of_a_list_can_be_computed(void **state)
{
	struct sample sample;
	size_t round;

	(void)state;
	dice_state = 8;
	for (round = 0; round < 500; round++) {
		make_sample(&sample, 1, 2 + dice(SIDE - 1));
		suppress_complete(&sample.table);
		assert_int_equal(cells_given_away(&sample.table), 0);
	}
}

static void
hidden_cells_of_a_line_are_no_small_cell_together(void **state)
{
	const uint64_t counts[] = {1, 2, 40, 50, 93};
	bool hidden[] = {true, true, false, false, false};
	struct suppress table = {1, 5, counts, hidden, 10};

	(void)state;
	suppress_complete(&table);

	assert_true(hidden[2]);
	assert_false(hidden[3]);
	assert_false(hidden[4]);
}

static void
where_nothing_is_unsafe_nothing_is_hidden(void **state)
{
	const uint64_t counts[] = {20, 30, 50, 40, 50, 90, 60, 80, 140};
	bool hidden[9] = {false};
	struct suppress table = {3, 3, counts, hidden, 10};
	size_t i;

	(void)state;
	suppress_complete(&table);

	for (i = 0; i < 9; i++)
		assert_false(hidden[i]);
}

/* Two circles joined by one cell: each line has two hidden cells and yet
 * that one can be computed. */
static void
a_bridge_between_circles_is_closed(void **state)
{
	struct sample sample;
	static const char *const rows[] = {
	    "##....", "##....", ".##...", "...##.", "..###.", "......"};
	size_t r, c;

	(void)state;
	make_sample(&sample, 6, 6);
	for (r = 0; r < 6; r++) {
		for (c = 0; c < 6; c++) {
			sample.counts[r * 6 + c] = 100 + r + c;
			sample.hidden[r * 6 + c] = rows[r][c] == '#';
		}
	}
	assert_true(cells_given_away(&sample.table) > 0);
	suppress_complete(&sample.table);
	assert_int_equal(cells_given_away(&sample.table), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_hidden_cell_of_a_table_can_be_computed),
	    cmocka_unit_test(no_hidden_cell_of_a_list_can_be_computed),
	    cmocka_unit_test(hidden_cells_of_a_line_are_no_small_cell_together),
	    cmocka_unit_test(where_nothing_is_unsafe_nothing_is_hidden),
	    cmocka_unit_test(a_bridge_between_circles_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
