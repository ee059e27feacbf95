/*
 * health: what a node knows of how it is doing, for its status.
 *
 * Certificate and budgets are looked at once a minute, the disk each time.
 * Thread: follow.
 */
#ifndef NODE_HEALTH_H
#define NODE_HEALTH_H

#include "node/bounds.h"
#include "node/budget.h"
#include "wire/pack.h"

struct health_settings {
	const char *folder;      /* of the store */
	const char *certificate; /* file */
	struct budget *budget;   /* NULL: none are told */
};

struct health;

/* Texts are copied, the budget is borrowed. */
struct health *health_new(const struct health_settings *settings);
void health_free(struct health *health); /* safe on NULL */
/* Good until the next look. */
const struct condition *health_look(
    struct health *health, const struct bounds *bounds, uint32_t protocol);

#endif
