/*
 * tiles: a trail's Merkle tree as C2SP tlog-tiles and a signed checkpoint.
 *
 * Made from the entries and made again from them after a crash, so tiles are
 * not synced one by one; the checkpoint comes after the tiles that it needs.
 * One thread each.
 */
#ifndef WIRE_TILES_H
#define WIRE_TILES_H

#include <stdbool.h>

#include "base/sign.h"
#include "credit/merkle.h"
#include "credit/note.h"

struct tiles;

/* The empty tree, to be filled with tiles_add.  Borrows all. */
struct tiles *tiles_new(
    const char *folder, const char *node_code, struct signer *signer);
void tiles_free(struct tiles *tiles); /* safe on NULL */
/* The next entry's hashes; in memory only. */
void tiles_add(struct tiles *tiles, const struct digest *commitment,
    const struct digest *leaf);
struct digest tiles_root(const struct tiles *tiles);
uint64_t tiles_size(const struct tiles *tiles);
/* Are there entries that no checkpoint covers? */
bool tiles_are_behind(const struct tiles *tiles);
/* Bring the files up to tiles_size: tiles first, then the checkpoint.  May be
 * tried again after an error. */
MUST_CHECK enum err tiles_publish(struct tiles *tiles, struct why *why);
/* The commitments of a full bundle, as they lie on disk; false: they do not. */
MUST_CHECK bool tiles_read_bundle(const struct tiles *tiles, uint64_t index,
    struct digest commitments[MERKLE_TILE_WIDTH]);

/* The hash over 2^level leaves from index << level on, out of memory or the
 * full tiles on disk (merkle_source); only of what was published. */
bool tiles_find(
    void *context, unsigned level, uint64_t index, struct digest *hash);

#endif
