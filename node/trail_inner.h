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

#define PATH_SIZE 4096

struct trail {
	char folder[PATH_SIZE], entries_folder[PATH_SIZE];
	char node_code[MEMBER_CODE_MAX + 1];
	struct signer *signer;
	struct worker *worker;
	struct entries *entries; /* NULL: failed */
	struct tree *tree;
	struct uses *uses;
	/* Hashes of entries that are on disk and not in the tree. */
	struct tree_leaf *fresh;
	size_t fresh_count, fresh_size;
	int64_t keep_days; /* entries; 0: for good */
	int64_t kept_us;   /* monotonic: when looked at last */
	uint64_t known;    /* entries acknowledged by this process or before */
	int64_t tried_us, planted_us; /* monotonic */
	_Atomic bool ready;
	_Atomic uint64_t first; /* that was not deleted */
	_Atomic uint64_t size;
	_Atomic int verdict;
	struct metric *count_metric, *sync_metric, *ready_metric;
	struct metric *verdict_metric;
};

/* trail_recover.c */

/* Opens the entries as they lie on disk, holds them against every checkpoint
 * that is known, and hands their tree over.  After an error what is open may
 * be closed. */
MUST_CHECK enum err trail_recover(struct trail *trail, struct why *why);

#endif
