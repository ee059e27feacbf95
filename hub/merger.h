/*
 * merger: subjects that were merged into others (吸收合并).
 *
 * Item 1 says it, in its field `successor_uscc`; the newest registration
 * counts, and one without a successor takes the link back.
 */
#ifndef HUB_MERGER_H
#define HUB_MERGER_H

#include "hub/pg.h"

#define MERGER_FIELD "successor_uscc"

/* Changes of registrations are written: note who was absorbed by whom.
 * `named`: one of them may name a successor. */
void merger_note(struct pg *pg, bool named, int64_t now_us);

#endif
