/*
 * frontdb: the rows of one exchange database behind a place.
 *
 * Rows are read up to a bound below which no transaction of the department
 * can put another one: a number or a time is given to a row before its
 * transaction commits, so the newest rows may have gaps that are filled later
 * (docs/PROTOCOL.md, section 8).
 * Reads only.  The table may hold anything: names are quoted, rows are
 * bounded by the database before they travel, no wait is without end.
 * One thread each.
 */
#ifndef HUB_FRONTDB_H
#define HUB_FRONTDB_H

#include <stdatomic.h>

#include "base/spool.h"
#include "hub/place.h"

#define FRONTDB_CODE_MAX 24

/* What was read; the rows themselves are NDJSON in a spool. */
struct frontdb_page {
	size_t count;
	bool more;       /* there is more to be read at once */
	bool waits;      /* for transactions of the department to end */
	struct place to; /* of the last row */
	/* Why it failed: a word for the operator, without any data. */
	char code[FRONTDB_CODE_MAX];
};

struct frontdb;

/* Both are borrowed; connects when first read. */
struct frontdb *frontdb_new(
    const struct source *source, const atomic_bool *stopping);
void frontdb_free(struct frontdb *frontdb); /* safe on NULL */
/* Up to source->rows rows behind `from`, which ends a round when there are
 * none.  ERR_DATABASE: the department's database, ERR_IO: our own disk;
 * page->code says what. */
MUST_CHECK enum err frontdb_read(struct frontdb *frontdb,
    const struct place *from, struct spool *spool, struct frontdb_page *page);

#endif
