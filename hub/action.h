/*
 * action: what operators did, for those who look after them.
 *
 * Written in the transaction that did it, so that neither is there without
 * the other.  Nothing is ever changed or removed here.
 */
#ifndef HUB_ACTION_H
#define HUB_ACTION_H

#include "hub/pg.h"

/* `who` did `action` (docs/PROTOCOL.md, GET /v1/actions) to `target`;
 * `detail` is a JSON document, without secrets and subjects. */
void action_note(struct pg *pg, const char *who, const char *action,
    const char *target, struct span detail);

#endif
