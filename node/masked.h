/*
 * masked: anonymised answers: statistics (level A) and screenings (level B).
 *
 * The order is the promise: parse, decide, compute on the newest census,
 * charge the member's budget, log, answer.  A charge is on disk before the
 * entry, the entry before the answer; what was charged and not answered is
 * free when asked again.
 * Handlers of POST /v1/statistics and POST /v1/screenings; the context is a
 * struct node.  One thread computes all of them, so that budgets are exact and
 * questions about single subjects do not wait.
 */
#ifndef NODE_MASKED_H
#define NODE_MASKED_H

#include "credit/question.h"
#include "node/budget.h"
#include "node/node.h"
#include "wire/http.h"

/* Begins its thread.  `budget` is borrowed. */
struct masked *masked_new(struct node *node, struct budget *budget);
/* What waits is answered first.  Safe on NULL. */
void masked_free(struct masked *masked);

void masked_on_statistics(struct http_exchange *exchange, void *context);
void masked_on_screening(struct http_exchange *exchange, void *context);

/* Does the question's token stand for this subject, to this member? */
bool masked_token_fits(struct node *node, const struct catalog *catalog,
    const char *member, const char *subject, const char *token);

/* The node's secret, `<folder>/mask.key`; made when there is none. */
MUST_CHECK enum err masked_read_key(
    const char *folder, struct digest *key, struct why *why);

#endif
