/*
 * objection: what subjects say against records about them, and what came of it
 * (异议, 信用修复).
 *
 * Each change of how one stands is a record of stream 0000, in the transaction
 * that changes the row and marks the records it is about.
 * One thread at a time: the desk.
 */
#ifndef HUB_OBJECTION_H
#define HUB_OBJECTION_H

#include "base/cert.h"
#include "credit/objection.h"
#include "hub/control.h"
#include "wire/pack.h"

/* What filing asks for beside the message; all is borrowed. */
struct objection_desk {
	const struct trust *trust;
	const struct catalog *catalog; /* NULL: none yet, ERR_BUSY */
	int64_t days;                  /* until one is to be decided */
};

/* The same again is fine; another one with the same id is ERR_CONFLICT.  One
 * about a record that is not held is kept as refused. */
MUST_CHECK enum err objection_file(struct control_round *round,
    const struct objection_desk *desk, const char *origin,
    const struct upward *upward, struct why *why);

/* A statement about one that was filed before: the newest stays with it, and
 * with its record while that is disputed.  An older one, and one about what was
 * refused or terminated meanwhile, changes nothing. */
MUST_CHECK enum err objection_say(struct control_round *round,
    const struct trust *trust, const struct upward *upward, struct why *why);

/* Node `origin` has told those that had read there what was corrected.  The
 * same again changes nothing. */
MUST_CHECK enum err objection_note_informed(struct control_round *round,
    const char *origin, struct span document, struct why *why);

enum objection_verb {
	OBJECTION_ACCEPT,
	OBJECTION_REFUSE,
	OBJECTION_SUSPEND,
	OBJECTION_RESUME,
	OBJECTION_DECIDE,
	OBJECTION_TERMINATE,
	OBJECTION_JOIN, /* decide it with another one, about other records */
	OBJECTION_PART, /* … no more */
	OBJECTION_VERBS
};

struct objection_act {
	enum objection_verb verb;
	const char *id;
	const struct member *who; /* its department, or an operator */
	struct span body;         /* {"note","outcome","withdraw","to"} */
	const struct catalog *catalog;
};

/* How an act ended that is no failure of the database. */
struct objection_answer {
	int status;       /* 200: `document` says how it stands */
	const char *type; /* else: of the problem */
	struct buf document;
};

/* A round of its own. */
MUST_CHECK enum err objection_do(struct ledger *ledger,
    const struct objection_act *act, struct objection_answer *answer,
    struct why *why);

/* Append how one stands, with its claims; ERR_MISSING: there is none. */
MUST_CHECK enum err objection_find(
    struct pg *pg, const char *id, struct buf *document);

struct objection_filter {
	const char *state;    /* empty: any … */
	const char *provider; /* … */
	const char *place;    /* begin of the division */
	const char *after;    /* id */
};
/* {"objections":[…],"next"}: the oldest first, with what the subject says. */
MUST_CHECK enum err objection_print_list(
    struct pg *pg, const struct objection_filter *filter, struct buf *out);

#endif
