/*
 * old_number: rows that name their subject by a registration number of before
 * 2015.
 *
 * The reader is pure and cannot know the code; so their numbers wait in a
 * temporary table until all is read, one look-up answers for the batch, and
 * the batch is read again for these rows.  What was answered holds for the
 * transaction.
 * One per ingest thread.
 */
#ifndef HUB_OLD_NUMBER_H
#define HUB_OLD_NUMBER_H

#include "credit/feed.h"
#include "hub/pg.h"

struct old_numbers;

struct old_numbers *old_numbers_new(void);
void old_numbers_free(struct old_numbers *numbers); /* safe on NULL */
void old_numbers_begin(struct old_numbers *numbers, struct pg *pg);
/* The row waits. */
void old_numbers_take(struct old_numbers *numbers, const struct feed_row *row);
bool old_numbers_are_waiting(const struct old_numbers *numbers);
/* Everything is read: which codes do the numbers stand for? */
void old_numbers_resolve(struct old_numbers *numbers);
/* Around a reading of the same batch. */
void old_numbers_open(struct old_numbers *numbers);
void old_numbers_close(struct old_numbers *numbers);
/* The code of the number on `line`, empty when nobody knows; lines come in
 * order.  Borrowed until the next call. */
struct span old_numbers_code(struct old_numbers *numbers, uint64_t line);

#endif
