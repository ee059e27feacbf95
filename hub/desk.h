/*
 * desk: the one thread that changes control records and reads for people.
 *
 * Jobs are done one after the other, each with the desk's own connection, so
 * that catalogue, members and consents never race.
 */
#ifndef HUB_DESK_H
#define HUB_DESK_H

#include <stdbool.h>

#include "hub/ledger.h"

struct desk;

/* Embedded first in whatever the job needs; `run` ends its life. */
struct desk_job {
	void (*run)(struct desk_job *job, struct ledger *ledger);
};

/* Owns `ledger` from now on. */
struct desk *desk_new(struct ledger *ledger);
/* Does what waits, then ends; later posts are refused.  Safe on NULL. */
void desk_stop(struct desk *desk);
/* After desk_stop.  Safe on NULL. */
void desk_free(struct desk *desk);
/* False when too much waits: the job is the caller's again.  Any thread. */
bool desk_post(struct desk *desk, struct desk_job *job);

#endif
