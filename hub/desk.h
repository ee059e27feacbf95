/*
 * desk: the one thread that changes control records and reads for people.
 *
 * Jobs are done one after the other, with the desk's own connection, so that
 * catalogue, members and consents never race.  Changes that wait together and
 * join alike share one round, and thus one commit; a round that fails is done
 * again change by change, so that none falls with another.
 */
#ifndef HUB_DESK_H
#define HUB_DESK_H

#include <stdbool.h>

#include "hub/control.h"

struct desk;

/* Embedded first in whatever the job needs.  It has `run`, or else `join` and
 * `done`. */
struct desk_job {
	/* By itself; ends the job's life. */
	void (*run)(struct desk_job *job, struct ledger *ledger);
	/* Do it within the round and keep what came of it: true.  False: it
	 * belongs into the next one; the first of a round always joins.  May be
	 * called again when the round failed. */
	bool (*join)(struct desk_job *job, struct control_round *round);
	/* The round has ended; `err` not ERR_OK: nothing was done.  Ends the
	 * job's life. */
	void (*done)(struct desk_job *job, struct ledger *ledger, enum err err);
};

/* Owns `ledger` from now on. */
struct desk *desk_new(struct ledger *ledger);
/* Does what waits, then ends; later posts are refused.  What is not done after
 * `grace_ms` fails and is rolled back.  Safe on NULL. */
void desk_stop(struct desk *desk, unsigned grace_ms);
/* After desk_stop.  Safe on NULL. */
void desk_free(struct desk *desk);
/* False when too much waits: the job is the caller's again.  Any thread. */
bool desk_post(struct desk *desk, struct desk_job *job);

#endif
