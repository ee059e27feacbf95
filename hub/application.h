/*
 * application: who wants to be on the member list, and who said what to it.
 *
 * applied → reviewed → admitted, or refused before that.  Where two persons
 * have to agree, who reviewed it does not admit it.  What it wants is a member
 * document put, or divisions taken over.
 */
#ifndef HUB_APPLICATION_H
#define HUB_APPLICATION_H

#include "credit/member.h"
#include "credit/takeover.h"
#include "hub/pg.h"

#define APPLICATION_NOTE_MAX 500

struct application_wish {
	struct member member;     /* of a takeover: the successor */
	struct takeover takeover; /* from nobody: the member is put */
};

/* What somebody says to one. */
struct application_verdict {
	int64_t id;
	const char *verb; /* "review", "admit", "refuse" */
	const char *who;  /* the operator's code */
	struct span note;
	int64_t persons; /* that have to agree: 1 or 2 */
};

struct application_question {
	const char *state; /* "open", "closed", "all" */
	const char *code;  /* "": any */
	int64_t after, limit;
	int64_t persons; /* for the answer */
};

bool application_state_is_known(const char *state);
bool application_verb_is_known(const char *verb);

/* All within the caller's transaction.  ERR_CONFLICT: one of this member
 * waits already. */
MUST_CHECK enum err application_file(struct pg *pg, const char *who,
    const struct application_wish *wish, struct span note, int64_t *id,
    struct why *why);
/* May that be said?  `wish` is what it is about.  ERR_MISSING:
 * no such application; ERR_CONFLICT: it does not stand so that this can be
 * said; ERR_DENIED: it takes another person. */
MUST_CHECK enum err application_read(struct pg *pg,
    const struct application_verdict *verdict, struct application_wish *wish,
    struct why *why);
/* It is said, after application_read said that it may. */
MUST_CHECK enum err application_decide(
    struct pg *pg, const struct application_verdict *verdict, struct why *why);
/* One as JSON; {"persons","applications","next"}. */
MUST_CHECK enum err application_print(
    struct pg *pg, int64_t id, struct buf *out);
MUST_CHECK enum err application_print_list(struct pg *pg,
    const struct application_question *question, struct buf *out);

#endif
