/*
 * usage: what nodes tell of their trails, counted once and witnessed.
 *
 * An entry is known by its index in the trail, and a node's entries are taken
 * in order: a repeat changes nothing, a gap is not taken, and what is next is
 * the answer either way.
 * Thread: desk.
 */
#ifndef HUB_USAGE_H
#define HUB_USAGE_H

#include "credit/member.h"
#include "hub/witness.h"

/* Within the caller's transaction, and told only when that has ended well.
 * `counted->next`: the first index that is missing. */
MUST_CHECK enum err usage_take(struct pg *pg, const struct member *origin,
    const struct upward *upward, struct counted *counted, struct why *why);

struct usage_question {
	const char *node, *member; /* "": all */
	uint32_t item;             /* 0: all */
	const char *from, *to;     /* days, eight hours east of Greenwich */
	int64_t after, limit;
};
/* {"usage":[…],"next"} */
MUST_CHECK enum err usage_print(
    struct pg *pg, const struct usage_question *question, struct buf *out);

/* Of a department's own items: {"items":[{"item","purpose","questions"}],
 * "days":[{"day","questions"}]}; who asked is told to nobody here. */
MUST_CHECK enum err usage_print_own(struct pg *pg, const struct member *who,
    const char *from, const char *to, struct buf *out);

#endif
