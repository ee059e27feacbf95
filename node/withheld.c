/*
 * withheld: does the parent give what the hub signed?
 */
#include "node/withheld.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"

/* A parent that merely has it later than its pulse is not told of. */
#define PATIENCE_US (10 * CLOCK_SECOND)

void
withheld_compare(
    struct followed *followed, const struct stream_head *head, const char *peer)
{
	const struct chain *chain = &followed->state.chain;
	bool was = followed->withheld;
	int64_t vain_us =
	    followed->vain_us == 0 ? 0 : clock_tick_us() - followed->vain_us;

	followed->withheld = head->position > chain->position &&
			     vain_us > (was ? 0 : PATIENCE_US);
	if (followed->withheld && !was)
		log_warn("follow.withheld",
		    "stream=%s position=%llu hub=%llu peer=%s", chain->stream,
		    (unsigned long long)chain->position,
		    (unsigned long long)head->position, peer);
	else if (was && !followed->withheld)
		log_info("follow.withheld", "stream=%s over=1", chain->stream);
}

void
withheld_count(struct parent *parent)
{
	struct followed *followed;
	int64_t count = 0;
	size_t i;

	for (i = 0; (followed = parent_at(parent, i)) != NULL; i++)
		count += followed->withheld;
	metric_set(metric_gauge("rongxin_node_streams_withheld", "",
		       "Streams of which the parent does not give what the hub "
		       "signed."),
	    count);
}
