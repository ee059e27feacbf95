/*
 * expiry: the day from which a record is shown no more.
 *
 * An item's retention counts years from one of its dates.  A record leaves on
 * the day on which they are over: bad information that ended on 2021-11-23 is
 * shown for the last time on 2026-11-22.  The same day decides whether a row
 * comes in at all.  Days are those of the network, eight hours east.
 * Pure; any thread.
 */
#ifndef CREDIT_EXPIRY_H
#define CREDIT_EXPIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define EXPIRY_DATE_MAX 16
/* The network's days begin this much before those of UTC. */
#define EXPIRY_ZONE_US (INT64_C(8) * 3600 * 1000000)

/* The latest date, as text, whose years are over at `now_us`. */
const char *expiry_cutoff(
    int64_t now_us, unsigned years, char out[EXPIRY_DATE_MAX]);
/* Only a whole day, 2024-03-28, can be past. */
bool expiry_is_past(struct span date, const char *cutoff);

#endif
