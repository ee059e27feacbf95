/*
 * node: the parts that a request of a bank or a subject needs.
 */
#include "node/node.h"

#include "base/clock.h"
#include "credit/lease.h"

void
node_init_metrics(struct node *node)
{
	static const char *const labels[OUTCOME_COUNT] = {
	    [OUTCOME_REPORT] = "outcome=\"report\"",
	    [OUTCOME_REFUSED] = "outcome=\"refused\"",
	    [OUTCOME_LIMITED] = "outcome=\"limited\"",
	    [OUTCOME_NOT_HELD] = "outcome=\"not_held\"",
	    [OUTCOME_ELSEWHERE] = "outcome=\"elsewhere\"",
	    [OUTCOME_AWAY] = "outcome=\"holder_away\"",
	    [OUTCOME_ANONYMISED] = "outcome=\"anonymised\"",
	    [OUTCOME_FOUND] = "outcome=\"found\"",
	    [OUTCOME_MALFORMED] = "outcome=\"malformed\"",
	    [OUTCOME_UNAVAILABLE] = "outcome=\"unavailable\"",
	};
	size_t i;

	for (i = 0; i < OUTCOME_COUNT; i++)
		node->outcomes[i] = metric_counter("rongxin_node_queries_total",
		    labels[i], "Questions by what became of them.");
	node->shown_age = metric_histogram("rongxin_node_shown_age_seconds", "",
	    "Age of the hub's newest word when protected fields left.");
}

int64_t
node_hub_time(struct node *node)
{
	const struct lease *lease = shared_hold(node->lease);
	int64_t time_us = 0;

	if (lease != NULL)
		time_us = lease_hub_time(lease, clock_tick_us());
	shared_drop(node->lease, lease);
	return time_us;
}

bool
node_is_fresh(struct node *node, uint64_t applied)
{
	const struct lease *lease = shared_hold(node->lease);
	bool fresh =
	    lease != NULL && lease_is_fresh(lease, clock_tick_us(), applied);

	shared_drop(node->lease, lease);
	return fresh;
}

bool
node_may_still_show(struct node *node)
{
	const struct lease *lease = shared_hold(node->lease);
	int64_t age_us = 0;
	bool may = false;

	if (lease != NULL) {
		age_us = lease_age_us(lease, clock_tick_us());
		may = age_us <= lease->term_us;
	}
	shared_drop(node->lease, lease);
	if (may)
		metric_observe_us(node->shown_age, age_us);
	return may;
}
