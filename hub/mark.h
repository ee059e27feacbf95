/*
 * mark: the hub changes the state of a provider's records, not what they say.
 *
 * A marked record keeps the digest of what its provider said before, so that
 * the same row handed in again does not undo the mark; another row does.
 * One thread at a time: the desk.
 */
#ifndef HUB_MARK_H
#define HUB_MARK_H

#include "hub/control.h"

/* Records that one objection is about. */
struct mark_scope {
	struct span subject, key; /* empty key: all of the item */
	const struct item *item;
	size_t place; /* among those that are marked in one round */
};

enum mark_kind {
	MARK_DISPUTE, /* what is current */
	MARK_REPAIR,
	MARK_RESTORE, /* what was marked as disputed: as it was … */
	MARK_WITHDRAW /* … or gone */
};

/* Part of the round; answers how many records change. */
size_t mark_put(struct control_round *round, const struct mark_scope *scope,
    enum mark_kind kind);
/* Records that are disputed by a mark. */
size_t mark_count_disputed(struct pg *pg, const struct mark_scope *scope);

/* Where in their stream what they say now came; 0: there are none. */
uint64_t mark_find_position(struct pg *pg, const struct mark_scope *scope);

/* Division and provider of the records, if they have one in common. */
struct mark_place {
	size_t records;
	/* Since when, and from which position, the ledger holds what they say;
	 * marks do not count. */
	int64_t since_us;
	uint64_t from;
	char stream[STREAM_LEN + 1];
	char provider[MEMBER_CODE_MAX + 1]; /* empty: several */
};
void mark_find_place(
    struct pg *pg, const struct mark_scope *scope, struct mark_place *place);

#endif
