/*
 * telling: a page of a member's events, as it may be told them now.
 *
 * The permit decides for each event at the moment it is told: what it does not
 * allow any more leaves its number and the reason, so that numbers have no
 * gap.  What a stale lease withholds waits.  The page is in the trail, one
 * entry for each subject, before it may leave.
 */
#ifndef NODE_TELLING_H
#define NODE_TELLING_H

#include <stdatomic.h>

#include "node/lookout.h"
#include "node/node.h"

#define TELLING_MAX 1000 /* events in a page */

enum telling_form {
	TELLING_PAGE,  /* one JSON document */
	TELLING_LINES, /* a line each, and one that says how far it goes */
	TELLING_EVENTS /* Server-Sent Events */
};

struct telling_about;

struct telling {
	struct node *node;
	char member[MEMBER_CODE_MAX + 1];
	uint8_t certificate[8]; /* of who is told; zeros: a webhook */
	const char *action;     /* for the trail */
	enum telling_form form;
	uint64_t after; /* events behind this number … */
	size_t limit;   /* … at most so many */
	bool complete;  /* TELLING_EVENTS: say how far it goes, too */

	/* Set by telling_read. */
	struct buf body;
	uint64_t last; /* number of the newest in it; `after`: none */
	size_t count;  /* events in it */
	uint64_t newest, oldest;
	bool more;    /* it could have been longer */
	bool waiting; /* the next one waits for a fresh lease */
	bool guarded; /* a consent opened some of it */

	struct telling_about *about; /* what goes into the trail */
	size_t about_count;
	atomic_size_t pending;
	atomic_bool failed;
	/* On the trail thread; `logged`: it may leave. */
	void (*done)(struct telling *telling, bool logged);
};

/* ERR_OK; ERR_DENIED: it is no active institution; ERR_TOO_OLD: events behind
 * `after` are not kept any more; ERR_MISSING: there never was an event
 * `after`; ERR_BUSY: the catalogue has not come; or the databases failed.
 * May be read again, when what was read was told. */
MUST_CHECK enum err telling_read(struct telling *telling);
/* May what was read still leave?  The trail may have taken its time. */
bool telling_may_leave(const struct telling *telling);
/* `done` is called, soon or now.  Not for an empty page. */
void telling_log(struct telling *telling);
void telling_release(struct telling *telling);

#endif
