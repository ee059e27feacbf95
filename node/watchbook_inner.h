/*
 * watchbook_inner: what watchbook.c and watchbook_events.c share.
 */
#ifndef NODE_WATCHBOOK_INNER_H
#define NODE_WATCHBOOK_INNER_H

#include "node/watchbook.h"

/* member, subject and watch are texts with a NUL behind them.
 * heads: member watch → created(i64) JSON
 * lists: member watch subject → consent
 * subjects: subject member watch → consent
 * known: key of the record in the store → version(u64) state(u8)
 * events: member number(u64) → event
 * state: "log" → hex; "p" stream → position(u64); "b" member → newest(u64)
 * oldest(u64); "x" objection → phase(u8) members(u64) */
enum watchbook_family {
	BOOK_HEADS,
	BOOK_LISTS,
	BOOK_SUBJECTS,
	BOOK_KNOWN,
	BOOK_EVENTS,
	BOOK_STATE,
	BOOK_HOOKS, /* watchbook_hooks.c */
	BOOK_DEAD
};

struct tally {
	char member[MEMBER_CODE_MAX + 1];
	uint64_t newest, oldest;
};

struct watchbook {
	struct kv *kv;
	char log[WATCHBOOK_LOG_LEN + 1];
	bool used;
	uint8_t *maybe; /* a bit for each hash of a watched subject */
	struct tally *tallies;
	size_t tally_count;
};

/* The texts, each with a NUL behind it; NULL: no more. */
void book_key(
    struct buf *key, const char *first, const char *second, const char *third);

#endif
