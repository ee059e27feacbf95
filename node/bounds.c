/*
 * bounds: how late the word of a subject comes to this node, measured.
 */
#include "node/bounds.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/metric.h"

#define NAME "rongxin_node_order_delay_seconds"
#define HELP "From a subject's word at the hub to its effect here."

#define HOUR_US (INT64_C(3600) * CLOCK_SECOND)
#define HOURS 24

/* The revocations of one hour; it is another one's when `hour` differs. */
struct hour {
	int64_t hour;
	uint32_t count;
	int64_t longest_us;
};

struct bounds {
	int64_t since_us;
	struct hour hours[HOURS];
	struct metric *revocations, *pauses;
};

struct bounds *
bounds_new(void)
{
	struct bounds *bounds = mem_new(sizeof(*bounds));

	bounds->since_us = clock_now_us();
	bounds->revocations =
	    metric_histogram(NAME, "order=\"revocation\"", HELP);
	bounds->pauses = metric_histogram(NAME, "order=\"pause\"", HELP);
	return bounds;
}

void
bounds_free(struct bounds *bounds)
{
	mem_free(bounds);
}

static void
keep_revocation(struct bounds *bounds, int64_t late_us)
{
	int64_t now = clock_tick_us() / HOUR_US;
	struct hour *hour = &bounds->hours[now % HOURS];

	if (hour->hour != now)
		*hour = (struct hour){.hour = now};
	hour->count++;
	if (hour->longest_us < late_us)
		hour->longest_us = late_us;
}

void
bounds_read(const struct bounds *bounds, uint32_t *count, int64_t *longest_us)
{
	int64_t now = clock_tick_us() / HOUR_US;
	size_t i;

	*count = 0;
	*longest_us = 0;
	for (i = 0; i < HOURS; i++) {
		const struct hour *hour = &bounds->hours[i];

		if (hour->hour <= now - HOURS || hour->count == 0)
			continue;
		*count += hour->count;
		if (*longest_us < hour->longest_us)
			*longest_us = hour->longest_us;
	}
}

void
bounds_on_record(struct bounds *bounds, const struct record *record)
{
	int64_t late_us = clock_now_us() - record->as_of_us;

	if (record->item != CONTROL_CONSENT ||
	    record->as_of_us < bounds->since_us)
		return;
	/* The hub's clock may be ahead of ours. */
	if (late_us < 0)
		late_us = 0;
	if (record->state == RECORD_WITHDRAWN) {
		metric_observe_us(bounds->revocations, late_us);
		keep_revocation(bounds, late_us);
	} else if (record_find(record, 3) != NULL) {
		metric_observe_us(bounds->pauses, late_us);
	}
}
