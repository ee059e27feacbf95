/*
 * merkle: RFC 6962 §2.1 trees, and C2SP tlog-tiles (height 8).
 *
 * A tree that only grows, known by its right edge.  Always SHA-256.
 * Pure; one thread per tree.
 */
#ifndef CREDIT_MERKLE_H
#define CREDIT_MERKLE_H

#include <stdbool.h>

#include "base/digest.h"
#include "base/err.h"

#define MERKLE_TILE_WIDTH 256
#define MERKLE_LEVEL_MAX 63 /* of a tile, as its path may say */

struct digest merkle_leaf(struct span data); /* SHA-256(0x00 || data) */
struct digest merkle_node(
    const struct digest *left, const struct digest *right);
/* The root of the empty tree is SHA-256(""). */

struct merkle {
	uint64_t size;
	struct digest edge[64]; /* complete subtrees, largest first */
	unsigned edge_count;
};

/* {0} is the empty tree. */
void merkle_add(struct merkle *tree, const struct digest *leaf);
struct digest merkle_root(const struct merkle *tree);
/* Root of `count` leaf hashes. */
struct digest merkle_root_of(const struct digest *leaves, size_t count);
/* RFC 6962 §2.1.1 inclusion and §2.1.2 consistency proofs. */
bool merkle_check_inclusion(uint64_t index, uint64_t size,
    const struct digest *leaf, const struct digest *proof, size_t proof_len,
    const struct digest *root);
bool merkle_check_consistency(uint64_t old_size, uint64_t new_size,
    const struct digest *old_root, const struct digest *new_root,
    const struct digest *proof, size_t proof_len);

/* Where proofs take their hashes from.  `find`: the hash over the complete
 * subtree of 2^level leaves that begins at leaf index << level (a tile holds
 * levels 8 by 8); false when it cannot be had. */
struct merkle_source {
	bool (*find)(
	    void *context, unsigned level, uint64_t index, struct digest *hash);
	void *context;
};

/* A source over leaf hashes in memory: find = merkle_find_in_leaves, context
 * = the struct merkle_leaves. */
struct merkle_leaves {
	const struct digest *hashes;
	size_t count;
};
bool merkle_find_in_leaves(
    void *context, unsigned level, uint64_t index, struct digest *hash);

#define MERKLE_PROOF_MAX 65
struct merkle_proof {
	struct digest steps[MERKLE_PROOF_MAX]; /* from the leaf up */
	size_t count;
};
/* False when the numbers make no sense or the source fails. */
bool merkle_prove_inclusion(const struct merkle_source *source, uint64_t index,
    uint64_t size, struct merkle_proof *proof);
bool merkle_prove_consistency(const struct merkle_source *source,
    uint64_t old_size, uint64_t new_size, struct merkle_proof *proof);

/* C2SP tlog-tiles path: "tile/<level>/x001/x234/067" or with ".p/<width>"
 * when the tile is partial; `level` -1 is "tile/entries/…".  Returns `out`. */
#define MERKLE_PATH_MAX 96
const char *merkle_tile_path(
    int level, uint64_t index, unsigned width, char out[MERKLE_PATH_MAX]);
/* The reverse; false for anything that is not exactly such a path (without
 * the leading "tile/").  width 256: full. */
bool merkle_parse_tile_path(
    struct span path, int *level, uint64_t *index, unsigned *width);

#endif
