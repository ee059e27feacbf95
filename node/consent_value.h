/*
 * consent_value: a consent as the store keeps it: its state, when its subject
 * last ordered anything, what its claims say, and the claims.
 *
 * Claims are parsed once, when they come; each question reads what they said.
 * Claims that cannot be read open nothing.  Pure; any thread.
 */
#ifndef NODE_CONSENT_VALUE_H
#define NODE_CONSENT_VALUE_H

#include "base/buf.h"
#include "credit/consent.h"

struct consent_value {
	char state; /* of control.c */
	int64_t ordered_us;
	struct span claims; /* JSON; borrowed */
};

/* Appended. */
void consent_value_print(const struct consent_value *value, struct buf *out);
/* `consent` has what the claims say, and nothing that was ordered since.
 * ERR_INVALID: the claims say nothing, or the bytes are damaged. */
MUST_CHECK enum err consent_value_parse(
    struct span bytes, struct consent_value *value, struct consent *consent);

#endif
