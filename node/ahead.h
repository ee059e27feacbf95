/*
 * ahead: has the hub gone back behind what it signed before?
 *
 * A hub that was restored from an older backup signs positions that it signed
 * already, or fewer.  The node keeps what it holds and says so; what to do is
 * for people (docs/OPERATING.md, Backup and restore).
 * Thread: follow.
 */
#ifndef NODE_AHEAD_H
#define NODE_AHEAD_H

#include "node/parent.h"

/* What a fresh signed pulse says of a stream that we follow. */
void ahead_compare(struct followed *followed, const struct stream_head *head,
    const char *peer);
/* After all streams of a pulse: the metric. */
void ahead_count(struct parent *parent);

#endif
