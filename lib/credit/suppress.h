/*
 * suppress: which cells of a table must be hidden so that the hidden ones
 * cannot be computed from the others.
 *
 * A table of at most two dimensions with its totals, which are cells like all
 * others.  Hidden cells are the edges of a graph between rows and columns: one
 * is determined exactly when it is a bridge there, so cells are added until no
 * bridge is left.  And those hidden in one line are never few enough to be a
 * small cell again.  Pure; any thread.
 */
#ifndef CREDIT_SUPPRESS_H
#define CREDIT_SUPPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* With totals: the last row is the sum of the rows above, the last column of
 * those before.  One row only: a list whose last cell is the total. */
struct suppress {
	size_t rows, columns;
	const uint64_t *counts; /* rows * columns: enterprises in a cell */
	bool *hidden;           /* the same; what is unsafe by itself is set */
	uint64_t k;
};

/* Hides more, the smallest first. */
void suppress_complete(struct suppress *table);

#endif
