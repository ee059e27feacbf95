/*
 * show: answers for people: tables, counts, progress.
 *
 * Answers go to standard output, progress to standard error and only when
 * that is a terminal.
 */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/span.h"

enum progress_unit {
	PROGRESS_BYTES,
	PROGRESS_ROWS
};

/* {0}: nothing is shown. */
struct progress {
	bool on;
	const char *what;
	enum progress_unit unit;
	uint64_t done, total;
	int64_t began_us, shown_us;
};

/* `total` 0: not known. */
void progress_begin(struct progress *progress, const char *what, uint64_t total,
    enum progress_unit unit);
void progress_add(struct progress *progress, uint64_t amount);
void progress_end(struct progress *progress);

/* Bytes as they came, with a line end. */
void show_raw(struct span bytes);
/* How wide a terminal draws it: Han and full-width characters count two. */
size_t show_width(struct span text);
/* `text` padded to `width` columns. */
void show_padded(struct span text, size_t width);

/* A table from an array of objects: one column per name; nested values are
 * skipped, absent ones are "-". */
struct show_column {
	const char *member;
	const char *title;
};
void show_table(const struct json *rows, const struct show_column *columns);

#endif
