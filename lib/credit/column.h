/*
 * column: whole numbers, one behind the other, in as few bytes as neighbours
 * need.
 *
 * Numbers are added at the end and never changed.  A thousand of them lie
 * together as what they are above the least, in 0 to 8 bytes each: a column of
 * counts that are nearly all 0 takes next to nothing.
 * Pure; one thread adds, any may read when it is done.
 */
#ifndef CREDIT_COLUMN_H
#define CREDIT_COLUMN_H

#include <stddef.h>
#include <stdint.h>

struct column;

/* `none` stands for no number and does not widen what lies beside it.  Others
 * are between -2^62 and 2^62. */
struct column *column_new(int64_t none);
void column_free(struct column *column); /* safe on NULL */
void column_add(struct column *column, int64_t number);
/* `row` was added. */
int64_t column_get(const struct column *column, size_t row);
/* Bytes of memory. */
size_t column_size(const struct column *column);

#endif
