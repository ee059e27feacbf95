/*
 * quality: what departments hand in, counted while it is merged.
 *
 * Counts are part of the batch's transaction: a crash loses or doubles none.
 * One per ingest thread.
 */
#ifndef HUB_QUALITY_H
#define HUB_QUALITY_H

#include "base/buf.h"
#include "hub/findings.h"

struct quality;

struct quality *quality_new(void);
void quality_free(struct quality *quality); /* safe on NULL */
void quality_begin(struct quality *quality);
void quality_take(struct quality *quality, const struct feed_row *row);
/* After findings_settle: write the counts of a batch handed in at
 * `received_us`. */
void quality_write(struct quality *quality, const struct findings_batch *batch,
    int64_t received_us);

/* Whose figures; days as 2024-03-28. */
struct quality_question {
	const char *provider; /* "": everybody's */
	uint32_t item;        /* 0: all */
	const char *from, *to;
	int64_t after, limit; /* of days */
};

/* {"days":[…],"next","rules":[…],"fields":[…],"due":[…]} */
MUST_CHECK enum err quality_print(
    struct pg *pg, const struct quality_question *question, struct buf *out);
/* The network's day of a time, eight hours east of Greenwich. */
const char *quality_day(int64_t time_us, char out[11]);

#endif
