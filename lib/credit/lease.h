/*
 * lease: how long a node may trust what it knows of consents.
 *
 * Fresh while the hub's signed time is at most `term_us` old; the node
 * carries the hub's time forward with its own monotonic clock, so its wall
 * clock does not matter.  Pure.
 */
#ifndef CREDIT_LEASE_H
#define CREDIT_LEASE_H

#include <stdbool.h>
#include <stdint.h>

struct lease {
	int64_t hub_us;   /* the newest signed hub time; 0: none yet */
	int64_t tick_us;  /* our monotonic clock when it came, or should have */
	int64_t older_us; /* what our own clock says it was late by then */
	int64_t term_us;
	uint64_t control_position; /* stream 0000 at that time, by the hub */
};

/* A pulse that is not newer than the newest known changes nothing: a repeat
 * must not prolong.  One that comes later than the time carried forward says
 * (beyond clock drift) counts as that much older. */
void lease_renew(struct lease *lease, int64_t hub_us, int64_t tick_us,
    uint64_t control_position);
/* The first after a start, with nothing before it to tell its age by: this much
 * by our own clock, until the next one comes. */
void lease_set_older(struct lease *lease, int64_t older_us);
/* Since the hub signed it, as far as we can know. */
int64_t lease_age_us(const struct lease *lease, int64_t tick_us);
/* `applied`: our position of stream 0000: behind the pulse is not fresh. */
bool lease_is_fresh(
    const struct lease *lease, int64_t tick_us, uint64_t applied);
/* The hub's time now, as far as we can know; 0 without any pulse. */
int64_t lease_hub_time(const struct lease *lease, int64_t tick_us);

#endif
