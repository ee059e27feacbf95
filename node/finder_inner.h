/*
 * finder_inner: the index's rows; only for finder*.c.
 *
 * cards: doc → card (credit/search.h); terms: term 0x00 doc → "";
 * state: stream → position(u64) and state digest, "rules" → field numbers.
 * A doc is subject and stream: one registration.
 */
#ifndef NODE_FINDER_INNER_H
#define NODE_FINDER_INNER_H

#include <stdatomic.h>

#include "base/metric.h"
#include "base/work.h"
#include "node/finder.h"

enum finder_family {
	FINDER_CARDS,
	FINDER_TERMS,
	FINDER_STATE
};

struct finder {
	struct store *store;
	struct shared *world;
	struct kv *kv; /* NULL: it could not be opened */
	struct worker *worker;
	atomic_bool stopping;
	int64_t rest_until_us; /* monotonic: no walk before */
	struct metric *behind;
};

/* How far a stream is in the index; position 0: not at all. */
struct finder_mark {
	uint64_t position;
	struct digest digest;
};
MUST_CHECK enum err finder_read_mark(
    struct kv_view *view, const char *stream, struct finder_mark *mark);

#endif
