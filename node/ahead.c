/*
 * ahead: has the hub gone back behind what it signed before?
 */
#include "node/ahead.h"

#include "base/log.h"
#include "base/metric.h"

/* A batch may overtake the pulse that was made before it; not so many. */
#define PULSES 3

/* It signs the very batch that we hold as our newest. */
static bool
is_same(const struct chain *chain, const struct stream_head *head)
{
	return head->position == chain->position &&
	       digest_equal(&head->head, &chain->head);
}

void
ahead_compare(
    struct followed *followed, const struct stream_head *head, const char *peer)
{
	const struct chain *chain = &followed->state.chain;
	bool was = followed->ahead >= PULSES;

	if (is_same(chain, head)) {
		followed->ahead = 0;
		if (was)
			log_info(
			    "follow.ahead", "stream=%s over=1", chain->stream);
		return;
	}
	/* Newer than ours: nothing to say before we have what is between. */
	if (was || head->position > chain->position)
		return;
	if (++followed->ahead == PULSES)
		log_error("follow.ahead",
		    "stream=%s position=%llu hub=%llu peer=%s", chain->stream,
		    (unsigned long long)chain->position,
		    (unsigned long long)head->position, peer);
}

void
ahead_count(struct parent *parent)
{
	struct followed *followed;
	int64_t count = 0;
	size_t i;

	for (i = 0; (followed = parent_at(parent, i)) != NULL; i++)
		count += followed->ahead >= PULSES;
	metric_set(metric_gauge("rongxin_node_streams_ahead", "",
		       "Streams of which this node holds more than the hub."),
	    count);
}
