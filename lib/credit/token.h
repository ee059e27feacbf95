/*
 * token: what stands for an enterprise that is not named.
 *
 * An HMAC under the node's key: another bank, purpose or period has another
 * token, and nobody without the key can compute one from a code.  So nothing
 * has to be kept to find whose it is: who says it is somebody's is checked.
 * Pure; any thread.
 */
#ifndef CREDIT_TOKEN_H
#define CREDIT_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "credit/purpose.h"

#define TOKEN_LEN 24

/* Of one bank for one purpose in one period. */
struct token_scope {
	struct span key; /* the node's */
	const char *member;
	enum purpose purpose;
	uint32_t period;
};

/* Returns `out`. */
const char *token_print(const struct token_scope *scope, const char *subject,
    char out[TOKEN_LEN + 1]);
/* The right length and alphabet. */
bool token_is_valid(struct span text);
/* Was it given to the member for this subject, for any purpose, in the scope's
 * period or the one before? */
bool token_belongs(
    const struct token_scope *scope, const char *subject, const char *token);

#endif
