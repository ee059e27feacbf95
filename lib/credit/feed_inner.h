/*
 * feed_inner: what feed.c (bytes to cells) and feed_row.c (cells to records)
 * share.
 */
#ifndef CREDIT_FEED_INNER_H
#define CREDIT_FEED_INNER_H

#include "base/buf.h"
#include "credit/check.h"
#include "credit/expiry.h"
#include "credit/feed.h"

/* Places for one row's cells: the item's fields by index, then the common
 * columns. */
enum slot {
	SLOT_USCC = CATALOG_FIELDS_MAX,
	SLOT_DATE,
	SLOT_SOURCE,
	SLOT_ACTION,
	SLOT_CORRECTS,
	SLOT_COUNT,
	SLOT_UNKNOWN = SLOT_COUNT,
	SLOT_NONE
};

#define ROW_FINDINGS_MAX (SLOT_COUNT + CHECKS_MAX + 16)

/* A canonical value in `values`, by offset: the buffer may move. */
struct place {
	size_t at;
	size_t len;
};

/* Makes rows; all of it is reused from row to row. */
struct row_maker {
	const struct catalog *catalog;
	const struct item *item;
	int64_t received_us;
	feed_row_fn row;
	feed_code_fn code;
	void *context;
	const struct field *date_field, *source_field;
	const struct code_list *provinces, *divisions;
	uint64_t key_mask; /* bit i: field at index i is of the key */
	unsigned division_slot, province_slot, city_slot;
	unsigned currency_slots[CATALOG_FIELDS_MAX];
	char today[11];
	unsigned expiry_slot; /* the date that the item's years count from */
	char cutoff[EXPIRY_DATE_MAX];
	bool organisation_rejects, division_rejects, encoding_rejects;

	/* Of the current row; cells are set by the reader. */
	struct span cells[SLOT_COUNT]; /* ptr NULL: not there */
	bool nested[SLOT_COUNT];       /* an object or array, in JSON */
	uint64_t line;
	struct span original;
	bool suspect; /* the decoder has replaced something already */
	bool withdrawn, repaired, rejected, old_number, past;
	struct span subject;
	struct buf subject_buf;
	struct buf key;
	bool has_key;
	struct buf values;
	struct place places[SLOT_COUNT];
	uint64_t present, faulty; /* by field index */
	bool has_source, dated;
	char currencies[CATALOG_FIELDS_MAX][4];
	int64_t as_of_us;
	struct finding findings[ROW_FINDINGS_MAX];
	size_t finding_count;
	struct record_field fields[RECORD_FIELDS_MAX];
};

void row_maker_init(
    struct row_maker *maker, const struct feed_settings *settings);
void row_maker_release(struct row_maker *maker);
/* A row that could not even be cut into cells. */
void row_maker_refuse(struct row_maker *maker, const char *rule);
/* Cells are set: a record or findings, handed to the receiver. */
void row_maker_make(struct row_maker *maker);

#endif
