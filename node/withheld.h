/*
 * withheld: does the parent give what the hub signed?
 *
 * Pulses are signed and say how long each stream is.  A parent that passes
 * them on and, asked for the batches, sends nothing that leads there keeps
 * something back, or has fallen behind itself; either way this node is behind
 * because of it, and says whom to look at.  What is held is served on.
 * Thread: follow.
 */
#ifndef NODE_WITHHELD_H
#define NODE_WITHHELD_H

#include "node/parent.h"

/* After parent_told: what a fresh signed pulse says of a stream that we
 * follow. */
void withheld_compare(struct followed *followed, const struct stream_head *head,
    const char *peer);
/* After all streams of a pulse: the metric. */
void withheld_count(struct parent *parent);

#endif
