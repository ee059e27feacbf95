/*
 * top_view: streams, nodes and alerts as lines of a screen.
 */
#ifndef CLI_TOP_VIEW_H
#define CLI_TOP_VIEW_H

#include "base/buf.h"
#include "base/json.h"

/* What the hub said at one moment; any may be NULL. */
struct top_view {
	struct json *nodes, *streams, *alerts;
	int64_t time_us; /* ours */
};

void top_view_release(struct top_view *view);
/* Lines, each ended by \n.  `before`: an earlier one for rates, or {0}. */
void top_view_print(const struct top_view *view, const struct top_view *before,
    struct buf *out);

/* How many nodes say that they hold all of `stream`, of how many that have
 * it. */
struct top_holders {
	unsigned newest, all;
};
struct top_holders top_view_holders(
    const struct json *nodes, struct span stream, int64_t position);
/* How far a node is behind the hub: positions over all its streams, and the
 * longest delay of what it applied last. */
struct top_lag {
	int64_t positions, delay_ms;
	bool unequal; /* at the hub's position, with another state */
};
struct top_lag top_view_lag(
    const struct json *node, const struct json *streams);

#endif
