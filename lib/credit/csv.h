/*
 * csv: rows of RFC 4180 and of what spreadsheets write, from a stream.
 *
 * UTF-8 in any pieces.  Quotes may be doubled, lines end in LF, CRLF or CR,
 * separators are comma, or semicolon or tab when the first line says so.  A
 * quote inside an unquoted cell is text, and so is what follows a closing
 * quote.  Empty lines are skipped.  A row longer than CSV_ROW_MAX or with more
 * than CSV_CELLS_MAX cells is handed out as broken and skipped to its end; a
 * quote that is not closed breaks its first line only.
 * Pure; one thread per reader.
 */
#ifndef CREDIT_CSV_H
#define CREDIT_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define CSV_ROW_MAX (1 << 20)
#define CSV_CELLS_MAX 256

struct csv_row {
	uint64_t line; /* where it begins, from 1 */
	const struct span *cells;
	size_t count;
	bool broken; /* too long, too many cells, or a quote never closed */
	struct span text; /* the row as it came, without its line end */
};

typedef void (*csv_row_fn)(void *context, const struct csv_row *row);

struct csv;

struct csv *csv_new(csv_row_fn row, void *context);
void csv_free(struct csv *csv); /* safe on NULL */
void csv_feed(struct csv *csv, struct span bytes);
void csv_end(struct csv *csv); /* hands out the last row; once */
/* Comma, or semicolon or tab when the first line says so. */
char csv_separator_of(struct span first_line);

#endif
