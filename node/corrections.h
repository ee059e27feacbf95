/*
 * corrections: who read what was corrected is told so.
 *
 * An objection that stream 0000 calls corrected is held against the trail:
 * each institution that was shown records of its item here, while they were
 * wrong, gets one event, whether it watches the subject or not.  The events
 * and that they were made are one write, so after a kill at any instruction
 * each is there once.  Who asked through another node is told by that one, out
 * of its own trail.
 * Thread: watch.
 */
#ifndef NODE_CORRECTIONS_H
#define NODE_CORRECTIONS_H

#include "node/accesses.h"
#include "node/follow.h"
#include "node/tidings.h"

struct corrections_settings {
	struct store *store;
	struct watchbook *book;
	struct shared *world; /* struct world */
	struct trail *trail;
	struct accesses *accesses;
	tidings_told_fn told;
	/* Do this on the watch thread; from any. */
	void (*run)(
	    void *context, void (*call)(void *context), void *call_context);
	void *context;
};

struct corrections;

struct corrections *corrections_new(
    const struct corrections_settings *settings);
void corrections_free(struct corrections *corrections); /* safe on NULL */
/* From now on the hub can be told how many were; nothing is done before. */
void corrections_attach(struct corrections *corrections, struct follow *follow);
/* Several times a second: a step, if there is one to be done. */
void corrections_step(struct corrections *corrections);

#endif
