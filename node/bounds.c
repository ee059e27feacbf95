/*
 * bounds: how late the word of a subject comes to this node, measured.
 */
#include "node/bounds.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/metric.h"

#define NAME "rongxin_node_order_delay_seconds"
#define HELP "From a subject's word at the hub to its effect here."

struct bounds {
	int64_t since_us;
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
	if (record->state == RECORD_WITHDRAWN)
		metric_observe_us(bounds->revocations, late_us);
	else if (record_find(record, 3) != NULL)
		metric_observe_us(bounds->pauses, late_us);
}
