/*
 * guard: a thread that looks at what members ask for patterns of abuse
 * (credit/abuse.h).
 *
 * It reads the trail behind those who write it, so that no question waits for
 * it and a node that starts again counts today's from the beginning; what the
 * trail does not say (statistics, from where a consent is used) it is told.
 * Calls: any thread.
 */
#ifndef NODE_GUARD_H
#define NODE_GUARD_H

#include "base/shared.h"
#include "credit/abuse.h"
#include "node/trail.h"

struct guard;

/* Alerts of the last days, swapped in as a whole when one changes. */
struct alert_list {
	uint64_t serial; /* another one each time */
	size_t count;
	struct abuse_alert alerts[];
};

struct guard_settings {
	struct trail *trail;
	struct shared *world;
	struct shared *alerts; /* struct alert_list; written by the guard */
};

struct guard *guard_new(const struct guard_settings *settings);
void guard_free(struct guard *guard); /* before the trail; safe on NULL */
/* A statistic that the member did not ask before; safe on NULL. */
void guard_statistic(
    struct guard *guard, const char *member, const struct statistic *statistic);
/* Protected fields were shown under the consent; `place` stands for address
 * and certificate.  Safe on NULL. */
void guard_consent(struct guard *guard, const char *member, const char *consent,
    uint64_t place);

#endif
