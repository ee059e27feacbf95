/*
 * lookout: the thread that looks for what is news to those who watch.
 *
 * The watchbook's only writer.  Woken when something was applied.  It tells
 * listeners that there are events, not which: what a member may be shown is
 * decided when it is shown (telling.h).
 * Threads: any, unless said otherwise.
 */
#ifndef NODE_LOOKOUT_H
#define NODE_LOOKOUT_H

#include "base/shared.h"
#include "node/corrections.h"
#include "node/scan.h"

struct lookout;

struct lookout_settings {
	const char *folder;
	struct store *store;
	struct shared *world;
	struct keyring *keys;
	struct trail *trail;
	struct accesses *accesses;
	int64_t keep_us; /* how long events are kept */
};

/* NULL and `why` on failure. */
struct lookout *lookout_open(
    const struct lookout_settings *settings, struct why *why);
/* Who read what was corrected is told so from now on. */
void lookout_attach(struct lookout *lookout, struct follow *follow);
/* What was posted is done before it returns; what comes then is dropped. */
void lookout_stop(struct lookout *lookout);
void lookout_close(struct lookout *lookout); /* after lookout_stop; or NULL */
/* Something was applied and is on disk. */
void lookout_wake(struct lookout *lookout);
struct watchbook *lookout_book(struct lookout *lookout);

/* Do this on the thread, in order. */
void lookout_run(
    struct lookout *lookout, void (*call)(void *context), void *context);
/* For such calls: */
struct scan *lookout_scan(struct lookout *lookout);

/* Somebody who waits for a member's events; embedded by its owner. */
struct listener {
	char member[MEMBER_CODE_MAX + 1];
	/* On the thread.  `beat`: nothing new, but time has passed. */
	void (*wake)(struct listener *listener, bool beat);
	struct listener *next;
};
/* On the thread. */
void lookout_add(struct lookout *lookout, struct listener *listener);
void lookout_remove(struct lookout *lookout, struct listener *listener);
/* Called several times a second, from now on. */
void lookout_set_tick(
    struct lookout *lookout, void (*tick)(void *context), void *context);

#endif
