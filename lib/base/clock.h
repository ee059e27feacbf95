/*
 * clock: the one place where time enters.
 *
 * Microseconds since 1970-01-01T00:00:00Z.  Tests turn it by hand.
 * Any thread.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define CLOCK_SECOND INT64_C(1000000)
#define CLOCK_TEXT_MAX 32

int64_t clock_now_us(void);
/* Monotonic, for durations and timeouts only. */
int64_t clock_tick_us(void);
/* From now on clock_now_us() answers `now_us`; -1 gives real time back. */
void clock_set(int64_t now_us);

/* RFC 3339 in UTC with microseconds only when there are any:
 * "2026-03-28T08:00:00Z"; what is before the year 0 or behind 9999 is printed
 * as their ends.  Returns `out`. */
const char *clock_print(int64_t time_us, char out[CLOCK_TEXT_MAX]);
/* As people in China read it, eight hours east of Greenwich and to the second:
 * "2026-03-28 16:00:00".  Returns `out`. */
#define CLOCK_EAST_US (8 * 3600 * CLOCK_SECOND)
const char *clock_print_east(int64_t time_us, char out[CLOCK_TEXT_MAX]);
/* RFC 3339 with any offset, within the years 0 to 9999. */
MUST_CHECK enum err clock_parse(struct span text, int64_t *time_us);
/* Is it a day of the proleptic Gregorian calendar? */
bool clock_is_date(int year, int month, int day);

#endif
