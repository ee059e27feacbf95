/*
 * platforms: the platform list (名单) as one round of changes sees it.
 *
 * One active platform a province, city or other division, and a CURVE key
 * is one active platform's.  Any number of national nodes.
 * One thread: the desk.
 */
#ifndef HUB_PLATFORMS_H
#define HUB_PLATFORMS_H

#include "credit/member.h"
#include "hub/pg.h"

struct platforms;

/* From the ledger, within the caller's transaction; NULL when it cannot be
 * read. */
struct platforms *platforms_load(struct pg *pg, struct why *why);
void platforms_free(struct platforms *platforms); /* safe on NULL */
/* Of any status; NULL when not on the list.  Valid until the next put. */
const struct member *platforms_find(
    const struct platforms *platforms, const char *code);
/* Puts them in, all or none: each is judged beside the others.  What is no
 * platform takes a platform of its code off.  ERR_CONFLICT: another active
 * platform has a division or the key of one of them. */
MUST_CHECK enum err platforms_put(struct platforms *platforms,
    const struct member *list, size_t count, struct why *why);

#endif
