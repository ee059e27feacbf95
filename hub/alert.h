/*
 * alert: what was found to be wrong, as operators read and answer it.
 *
 * Raised and closed by the schema when alarm looks; here it is shown and
 * acknowledged, and rules are changed.
 * Thread: desk; within a transaction.
 */
#ifndef HUB_ALERT_H
#define HUB_ALERT_H

#include "hub/pg.h"

struct alert_question {
	const char *state; /* open, closed, all */
	const char *rule;  /* "": any */
	int64_t id;        /* 0: any */
	int64_t after, limit;
};

bool alert_state_is_known(const char *state);
/* {"alerts":[…],"open":{"critical","warning","info"},"next"} */
MUST_CHECK enum err alert_print(
    struct pg *pg, const struct alert_question *question, struct buf *out);
/* `who` knows of it; `note` may be empty.  Again changes nothing.  Appends
 * the alert.  ERR_MISSING: there is none; ERR_CONFLICT: it is closed. */
MUST_CHECK enum err alert_acknowledge(struct pg *pg, int64_t id,
    const char *who, struct span note, struct buf *out);

/* {"rules":[…]} */
MUST_CHECK enum err alert_print_rules(struct pg *pg, struct buf *out);
/* Change what `document` names of {"severity","threshold","raise_seconds",
 * "close_seconds","keep_days","enabled"}; appends all rules.  ERR_MISSING:
 * there is no such rule; ERR_INVALID. */
MUST_CHECK enum err alert_change_rule(struct pg *pg, const char *name,
    struct span document, struct buf *out, struct why *why);

/* {"messages":[{"id","alert","event","channel","state","attempts","made_at",
 * "sent_at","error"}]}: the newest 100 of `state`. */
MUST_CHECK enum err alert_print_messages(
    struct pg *pg, const char *state, struct buf *out);
/* Try a dead one again.  ERR_MISSING: there is no dead one. */
MUST_CHECK enum err alert_retry_message(
    struct pg *pg, int64_t id, struct buf *out);

#endif
