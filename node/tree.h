/*
 * tree: a trail's Merkle tree beside its entries: tiles, signed checkpoints,
 * proofs.
 *
 * Only what is on disk already comes here, so nobody's answer waits for it.
 * One thread owns the tiles, the checkpoint and what the hub cosigned;
 * callbacks run on it; all calls: any thread, unless told otherwise.
 */
#ifndef NODE_TREE_H
#define NODE_TREE_H

#include "base/sign.h"
#include "credit/inclusion.h"
#include "node/witnessed.h"
#include "wire/tiles.h"

struct tree;

/* Of one entry. */
struct tree_leaf {
	struct digest commitment, leaf;
};

struct tree_settings {
	const char *folder;    /* the trail's; borrowed */
	struct signer *signer; /* borrowed */
};

/* Without tiles it answers ERR_IO to all who ask for proofs. */
struct tree *tree_new(const struct tree_settings *settings);
/* Its thread begins; before that nothing but tree_take may be called. */
void tree_start(struct tree *tree);
/* What was handed in is published.  Safe on NULL. */
void tree_free(struct tree *tree);
/* The trail as it was read from the disk; takes over both.  Before tree_start
 * it is published when this returns, later as soon as can be.  Thread: trail.
 */
void tree_take(
    struct tree *tree, struct tiles *tiles, struct witnessed *witnessed);
/* The next entries' hashes; takes over the list.  Thread: trail. */
void tree_add(struct tree *tree, struct tree_leaf *list, size_t count);
/* Could everything be published, as far as it was tried? */
bool tree_is_ready(const struct tree *tree);
/* What the checkpoint on disk covers. */
uint64_t tree_published(const struct tree *tree);
/* How much of it is witnessed. */
uint64_t tree_witnessed(const struct tree *tree);

/* A public file: "checkpoint", "witnessed" or "tile/…", checked by the caller.
 * The checkpoint has the witness's line when it is witnessed already. */
typedef void (*tree_file_fn)(void *context, enum err err, struct span bytes);
void tree_read_file(
    struct tree *tree, const char *name, tree_file_fn done, void *context);
/* That an entry is in the newest witnessed checkpoint, borrowed; ERR_MISSING:
 * not yet, or there is no such entry. */
typedef void (*tree_proof_fn)(
    void *context, enum err err, const struct inclusion *proof);
void tree_prove(
    struct tree *tree, uint64_t index, tree_proof_fn done, void *context);
/* A checkpoint of ours that came back cosigned, and was checked. */
void tree_take_witnessed(struct tree *tree, struct span note);
/* Append the newest signed checkpoint, for the parent. */
void tree_checkpoint(const struct tree *tree, struct buf *note);

#endif
