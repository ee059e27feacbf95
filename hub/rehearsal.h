/*
 * rehearsal: the same rows by the catalogue in force and by a candidate.
 *
 * Both readers are those of an intake, so what is compared is what would
 * happen: a row that stands is written out as a department would hand it in, a
 * row that was rejected comes as it came.  Looks at single rows only: what the
 * ledger knows besides (other records, numbers of before 2015) is the same for
 * both.  Changes nothing.
 * One thread each.
 */
#ifndef HUB_REHEARSAL_H
#define HUB_REHEARSAL_H

#include "base/json.h"
#include "credit/feed.h"

struct rehearsal;

/* Both are borrowed. */
struct rehearsal *rehearsal_new(
    const struct catalog *now, const struct catalog *candidate, int64_t now_us);
void rehearsal_free(struct rehearsal *rehearsal); /* safe on NULL */
/* A row that stands. */
void rehearsal_take_record(
    struct rehearsal *rehearsal, const struct record *record);
/* `count` rows as they came, with the line before them if they are CSV. */
void rehearsal_take_rows(struct rehearsal *rehearsal, uint32_t item,
    enum feed_format format, struct span text, size_t count);
uint64_t rehearsal_rows(const struct rehearsal *rehearsal);
/* Members of the open object: sums, "items", and "rules" that would find
 * another number of rows. */
void rehearsal_print(struct rehearsal *rehearsal, struct json_out *json);

#endif
