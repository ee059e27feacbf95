/*
 * pattern: patterns of abuse that nodes saw, kept for operators.
 *
 * A node tells all its alerts again and again; a repeat changes nothing, and a
 * count never goes back.
 * Thread: desk.
 */
#ifndef HUB_PATTERN_H
#define HUB_PATTERN_H

#include "credit/member.h"
#include "hub/pg.h"
#include "wire/pack.h"

/* Within the caller's transaction. */
MUST_CHECK enum err pattern_take(struct pg *pg, const struct member *origin,
    const struct upward *upward, struct why *why);

struct pattern_question {
	const char *node, *member; /* "": all */
	enum abuse_kind kind;      /* ABUSE_NONE: all */
	const char *from, *to;     /* days, eight hours east of Greenwich */
	int64_t after, limit;
};
/* {"patterns":[…],"next"}, the newest day first. */
MUST_CHECK enum err pattern_print(
    struct pg *pg, const struct pattern_question *question, struct buf *out);

#endif
