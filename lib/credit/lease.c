/*
 * lease: how long a node may trust what it knows of consents.
 */
#include "credit/lease.h"

/* Clocks differ by far less than one part in a thousand: what a pulse is
 * behind by more was held back on its way. */
#define LEASE_DRIFT 1000

/* How much older than its arrival a pulse must be.  Without this a relay
 * that holds every pulse back for an hour would stop revocations for an
 * hour, unseen. */
static int64_t
lease_lateness(const struct lease *lease, int64_t hub_us, int64_t tick_us)
{
	int64_t here = tick_us - lease->tick_us;
	int64_t there = hub_us - lease->hub_us;
	int64_t late = here - there - there / LEASE_DRIFT;

	return lease->hub_us == 0 || late < 0 ? 0 : late;
}

void
lease_renew(struct lease *lease, int64_t hub_us, int64_t tick_us,
    uint64_t control_position)
{
	if (hub_us <= lease->hub_us)
		return;
	lease->tick_us = tick_us - lease_lateness(lease, hub_us, tick_us);
	lease->hub_us = hub_us;
	lease->older_us = 0;
	lease->control_position = control_position;
}

void
lease_set_older(struct lease *lease, int64_t older_us)
{
	lease->older_us = older_us < 0 ? 0 : older_us;
}

int64_t
lease_age_us(const struct lease *lease, int64_t tick_us)
{
	return tick_us - lease->tick_us + lease->older_us;
}

bool
lease_is_fresh(const struct lease *lease, int64_t tick_us, uint64_t applied)
{
	return lease->hub_us > 0 && applied >= lease->control_position &&
	       tick_us >= lease->tick_us &&
	       lease_age_us(lease, tick_us) <= lease->term_us;
}

/* Our own clock is believed within the term: one that is wrong by more refuses,
 * and moves no day. */
int64_t
lease_hub_time(const struct lease *lease, int64_t tick_us)
{
	int64_t hub_us = lease->hub_us;

	if (hub_us == 0)
		return 0;
	if (lease->older_us <= lease->term_us)
		hub_us += lease->older_us;
	if (tick_us > lease->tick_us)
		hub_us += tick_us - lease->tick_us;
	return hub_us;
}
