/*
 * feed: a department's bytes become records and findings.
 *
 * decode, split, normalise, validate: each row comes out either as a record
 * with perhaps warnings, or as rejections.  The good rows of a bad batch go
 * on.  Pure; one thread per reader; memory does not grow with the batch.
 */
#ifndef CREDIT_FEED_H
#define CREDIT_FEED_H

#include "base/err.h"
#include "credit/catalog.h"
#include "credit/finding.h"
#include "credit/record.h"
#include "credit/region.h"

#define FEED_HEADER_MAX 65536

enum feed_format {
	FEED_CSV,
	FEED_NDJSON /* one object a line, member names as CSV columns */
};

struct feed_row {
	uint64_t line;
	bool accepted;
	struct record record; /* when accepted; version 0, provider empty */
	bool identified; /* refused, but record's item, subject, key hold */
	bool past; /* refused because its years are over, and for nothing else:
		      record withdraws the one that it names */
	bool withdrawn;              /* column `_action` says "delete" */
	char stream[STREAM_LEN + 1]; /* "" when its code is none */
	enum region_source stream_source;
	struct span original; /* the row as it came, UTF-8 */
	/* What can be said of a rejected row too, "" when it cannot: */
	struct span subject;  /* as it came, perhaps no code at all */
	bool has_key;         /* record.key is whole */
	struct span source;   /* its source number */
	struct span corrects; /* column `_corrects`: which finding, as handed
				 out in the findings' CSV */
	uint64_t present;     /* bit i: the item's field i has a value */
	bool dated;           /* it names its data date */
	bool old_number;      /* its code came as a number of before 2015 */
	const struct finding *findings;
	size_t finding_count;
};

/* Everything borrowed until it returns. */
typedef void (*feed_row_fn)(void *context, const struct feed_row *row);

/* The code that the number of before 2015 on `line` stands for, borrowed until
 * the next call; empty when nobody knows.  Lines come in order. */
typedef struct span (*feed_code_fn)(void *context, uint64_t line);

struct feed_settings {
	const struct catalog *catalog;
	const struct item *item;
	enum feed_format format;
	const char *charset; /* "utf-8" or "gb18030" */
	int64_t received_us; /* as_of of rows that name no data date */
	int64_t now_us;      /* what is past by now stays out (expiry.h) */
	feed_row_fn row;
	feed_code_fn code; /* NULL: old numbers are rejected */
	void *context;
};

struct feed_reader;

/* NULL when the charset is unknown. */
struct feed_reader *feed_reader_new(const struct feed_settings *settings);
void feed_reader_free(struct feed_reader *reader); /* safe on NULL */
/* ERR_INVALID (and `feed_reader_why`) when the batch as a whole cannot be
 * read: no usable header, no `uscc` column, a required column missing. */
MUST_CHECK enum err feed_reader_feed(
    struct feed_reader *reader, struct span bytes);
MUST_CHECK enum err feed_reader_end(struct feed_reader *reader);
const char *feed_reader_why(const struct feed_reader *reader);
/* The header of a CSV batch as it came, in UTF-8; empty for others, before it
 * was read, or when it is longer than FEED_HEADER_MAX. */
struct span feed_reader_header(const struct feed_reader *reader);
/* Columns that the catalogue does not know, for a warning; borrowed. */
const char *feed_reader_unknown(const struct feed_reader *reader, size_t index);

#endif
