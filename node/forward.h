/*
 * forward: a child's message goes up, and what the hub answers comes back.
 *
 * Nothing is kept: who asked asks again.  At most a bounded number is under
 * way; what comes then is dropped.
 * Thread: follow.
 */
#ifndef NODE_FORWARD_H
#define NODE_FORWARD_H

#include "node/parent.h"

/* Exactly once; `reply` NULL: there was none. */
typedef void (*forward_done_fn)(void *context, struct reply *reply);

struct forward;

struct forward *forward_new(struct parent *parent);
/* Who waits is told that there was none.  Safe on NULL. */
void forward_free(struct forward *forward);
void forward_take(struct forward *forward, struct span upward,
    forward_done_fn done, void *context);
/* Was the reply for one of them? */
bool forward_on_reply(struct forward *forward, struct reply *reply);
/* Gives up those that nobody answers. */
void forward_tick(struct forward *forward);

#endif
