/*
 * index: the index of an image, as it comes page by page.
 *
 * It counts when it is whole: its sums add up to the state that the hub signed
 * in the batch header at its position (docs/decisions/0005-snapshots.md).
 * Bounded by IMAGE_CHUNKS_MAX entries.  One thread.
 */
#ifndef NODE_INDEX_H
#define NODE_INDEX_H

#include "wire/image.h"
#include "wire/seal.h"

struct index {
	struct image_head head;
	struct batch_header header; /* signed */
	struct buf sealed;          /* packed Sealed without its body */
	struct setsum sum;          /* of the entries so far */
	struct digest digest;       /* of the pages so far */
	struct image_entry *entries;
	uint32_t count;
	uint64_t records;
	struct arena *arena;
};

void index_init(struct index *index, const char *stream);
void index_release(struct index *index);
/* The next page as it came.  ERR_SEEN: it is another page than the next one.
 * ERR_INVALID, ERR_CONFLICT and `why`: whoever sent it lies. */
MUST_CHECK enum err index_add_page(struct index *index, struct opener *opener,
    struct span bytes, struct why *why);
/* Number of the next page. */
uint32_t index_next_page(const struct index *index);
bool index_is_whole(const struct index *index);
/* What the chunk may hold, for image_open_chunk. */
struct image_bounds index_bounds(const struct index *index, uint32_t number);

#endif
