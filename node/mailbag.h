/*
 * mailbag: the oldest letters of the outbox, on their way up together.
 *
 * Two that are about one consent never are, so that a revocation cannot
 * overtake its consent, not even when the parent is busy with the first.
 * Thread: follow.
 */
#ifndef NODE_MAILBAG_H
#define NODE_MAILBAG_H

#include "node/parent.h"
#include "node/store.h"

struct mailbag;

/* All is borrowed. */
struct mailbag *mailbag_new(struct store *store, struct parent *parent);
void mailbag_free(struct mailbag *bag); /* safe on NULL */
/* There are new letters in the outbox. */
void mailbag_wake(struct mailbag *bag);
/* Take letters out of the outbox as there is room; send those that were not,
 * and again those that nobody answered. */
void mailbag_pump(struct mailbag *bag);

/* What a reply meant for one of the letters. */
struct mailbag_news {
	uint64_t sequence; /* 0: nothing yet */
	bool refused;      /* the hub does not take it */
};
/* Was the reply for one of the letters?  One that was taken or refused is out
 * of the outbox, and its consent, if refused, pending no more. */
bool mailbag_take_reply(
    struct mailbag *bag, const struct reply *reply, struct mailbag_news *news);

#endif
