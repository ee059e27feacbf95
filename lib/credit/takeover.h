/*
 * takeover: one platform takes divisions over from another (整合).
 *
 * Both member documents change, or none: a division is never with two
 * platforms and never with nobody.  Pure; any thread.
 */
#ifndef CREDIT_TAKEOVER_H
#define CREDIT_TAKEOVER_H

#include "credit/member.h"

struct takeover {
	char from[MEMBER_CODE_MAX + 1];
	/* none: everything that the predecessor has */
	char divisions[MEMBER_LIST_MAX][MEMBER_DIVISION_MAX + 1];
	size_t division_count;
};

/* {"from","divisions"}; the second may be missing. */
MUST_CHECK enum err takeover_parse(
    struct span json, struct takeover *takeover, struct why *why);
/* What takeover_parse reads. */
void takeover_print(const struct takeover *takeover, struct buf *out);
/* Changes both.  ERR_CONFLICT, and neither is changed: the successor is no
 * active platform, is the predecessor, has no room, or the predecessor does
 * not have what is to be taken over. */
MUST_CHECK enum err takeover_apply(const struct takeover *takeover,
    struct member *predecessor, struct member *successor, struct why *why);

#endif
