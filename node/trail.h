/*
 * trail: the append-only Merkle log of every question and permit
 * (查询日志).
 *
 * The rule that must never break: `done` with a receipt is called only when
 * the entry is on disk.  While the trail cannot be written every append is
 * told so, and the trail is opened again every second.
 * One thread owns the entries; those that wait are synced as one group.
 * Callbacks run on that thread; all calls: any thread.
 */
#ifndef NODE_TRAIL_H
#define NODE_TRAIL_H

#include <stdbool.h>

#include "base/err.h"
#include "base/sign.h"
#include "credit/access.h"
#include "node/entries.h"
#include "node/tree.h"
#include "wire/pack.h"

struct trail;

struct trail_settings {
	const char *folder;
	const char *node_code;
	struct signer *signer; /* borrowed */
	int64_t keep_days;     /* how long entries stay; 0: for good */
};

/* Runs when it returns; whether it can be written, trail_is_ready says.
 * SIGXFSZ must be ignored. */
struct trail *trail_open(const struct trail_settings *settings);
/* Everything appended is done before it returns.  Safe on NULL. */
void trail_close(struct trail *trail);
bool trail_is_ready(const struct trail *trail);
uint64_t trail_size(const struct trail *trail);
/* The oldest entry that was not deleted. */
uint64_t trail_first(const struct trail *trail);
/* Its tiles, checkpoints and proofs; borrowed. */
struct tree *trail_tree(const struct trail *trail);
/* Where its entries are, for an entries_reader; borrowed. */
const char *trail_entries_folder(const struct trail *trail);

struct trail_receipt {
	uint64_t index;
	struct digest leaf;
	struct use use; /* of a limited consent */
};
/* `receipt` NULL: it is not in the trail.  ERR_LIMIT: nor will it be, the
 * consent's uses are used up; other errors: it cannot be written. */
typedef void (*trail_done_fn)(
    void *context, enum err err, const struct trail_receipt *receipt);
/* An access under a limited consent (`use.most`) is that use, if it is one of
 * those that are left. */
void trail_append(struct trail *trail, const struct access *access,
    trail_done_fn done, void *context);

/* `entry` is borrowed; ERR_MISSING when there is no such index, ERR_TOO_OLD
 * when it was deleted. */
typedef void (*trail_entry_fn)(
    void *context, enum err err, const struct entry *entry);
void trail_read(
    struct trail *trail, uint64_t index, trail_entry_fn done, void *context);
/* What the hub last said of it. */
void trail_set_verdict(struct trail *trail, enum trail_verdict verdict);
enum trail_verdict trail_verdict(const struct trail *trail);

#endif
