/*
 * finder: which enterprises this node holds, by name, number, place and trade.
 *
 * An index in a folder of its own ("find"), made from the store by a thread
 * that follows its log, a fraction of a second behind.  It only names
 * candidates: who asks reads the record and judges it.  So it is never synced,
 * may be deleted at any time, and comes back by itself.
 */
#ifndef NODE_FINDER_H
#define NODE_FINDER_H

#include "base/shared.h"
#include "credit/region.h"
#include "credit/search.h"
#include "node/store.h"

#define FINDER_LIMIT_MAX 100
#define FINDER_DOC_LEN (USCC_LEN + STREAM_LEN)
#define FINDER_FROM_MAX (SEARCH_TERM_MAX + 1 + FINDER_DOC_LEN)

struct finder;

/* Begins its thread.  Without its folder it finds nothing: ERR_IO. */
struct finder *finder_open(
    const char *folder, struct store *store, struct shared *world);
void finder_close(struct finder *finder); /* safe on NULL */

/* A place in a list of hits, to go on from. */
struct finder_place {
	char bytes[FINDER_FROM_MAX];
	size_t len; /* 0: the beginning, or the end */
};

struct finder_hit {
	char subject[USCC_LEN + 1];
	char stream[STREAM_LEN + 1];
	/* How it was come by, for search_is_first; empty: it cannot come
	 * twice. */
	struct span term;
	const struct search_plan *plan;
};

/* Who asks judges: does the hit's record fit?  Only those that do count. */
struct finder_judge {
	bool (*fits)(void *context, const struct finder_hit *hit);
	void *context;
	size_t limit; /* enough */
};

/* Hits from `from` on, in no order that means something.  It looks at a bounded
 * number of rows, so there may be a `next` after few that fit, or none.  Any
 * thread.  ERR_INVALID: the place is of another question. */
MUST_CHECK enum err finder_search(struct finder *finder,
    const struct search *search, const struct finder_place *from,
    const struct finder_judge *judge, struct finder_place *next);
/* Changes of the store that the index does not have yet. */
MUST_CHECK enum err finder_behind(
    struct finder *finder, struct snapshot *snapshot, uint64_t *behind);

#endif
