/*
 * trail_inner: what trail.c and trail_recover.c share.  Nobody else includes
 * it.
 */
#ifndef NODE_TRAIL_INNER_H
#define NODE_TRAIL_INNER_H

#include <stdatomic.h>

#include "base/metric.h"
#include "base/work.h"
#include "node/trail.h"
#include "node/uses.h"
#include "node/witnessed.h"
#include "wire/tiles.h"

#define PATH_SIZE 4096

struct trail {
	char folder[PATH_SIZE], entries_folder[PATH_SIZE];
	char node_code[MEMBER_CODE_MAX + 1];
	struct signer *signer;
	struct worker *worker;
	struct entries *entries; /* NULL: failed */
	struct tiles *tiles;
	struct uses *uses;
	struct checkpoint recovered; /* what the entries must agree with */
	struct witnessed witnessed;  /* and with what the hub cosigned */
	bool forked;                 /* they do not */
	int64_t keep_days;           /* entries; 0: for good */
	int64_t kept_us;             /* monotonic: when looked at last */
	uint64_t known; /* entries acknowledged by this process or before */
	int64_t tried_us, published_us; /* monotonic */
	_Atomic bool ready;
	_Atomic uint64_t first; /* that was not deleted */
	_Atomic uint64_t size;
	_Atomic uint64_t published;
	_Atomic uint64_t witnessed_size;
	_Atomic int verdict;
	struct metric *count_metric, *sync_metric, *ready_metric;
	struct metric *witnessed_metric, *verdict_metric;
};

/* --- trail_recover.c --- */

/* Opens entries and tiles as they lie on disk, and holds them against every
 * checkpoint that is known.  After an error what is open may be closed. */
MUST_CHECK enum err trail_recover(struct trail *trail, struct why *why);

#endif
