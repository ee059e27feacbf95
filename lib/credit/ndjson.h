/*
 * ndjson: lines of a stream, one JSON text each.
 *
 * UTF-8 in any pieces.  Blank lines are skipped; a line longer than
 * NDJSON_LINE_MAX is handed out as broken and skipped to its end.
 * Pure; one thread per reader.
 */
#ifndef CREDIT_NDJSON_H
#define CREDIT_NDJSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define NDJSON_LINE_MAX (1 << 20)

struct ndjson_line {
	uint64_t line;    /* from 1 */
	struct span text; /* without its line end */
	bool broken;      /* too long; `text` is its beginning */
};

typedef void (*ndjson_line_fn)(void *context, const struct ndjson_line *line);

struct ndjson;

struct ndjson *ndjson_new(ndjson_line_fn line, void *context);
void ndjson_free(struct ndjson *ndjson); /* safe on NULL */
void ndjson_feed(struct ndjson *ndjson, struct span bytes);
void ndjson_end(struct ndjson *ndjson); /* hands out the last line; once */

#endif
