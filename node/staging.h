/*
 * staging: where the chunks of an image wait, beside the store, until all are
 * there.
 *
 * FOLDER/staging/STREAM/ holds `mark` (which image, against which state of
 * ours), table files named by the chunks that they hold, and at the end
 * `whole`.  Each appears at once and flushed, so that a crash leaves whole
 * files only; what is half (`.part`) is dropped when it is opened.
 * One thread.
 */
#ifndef NODE_STAGING_H
#define NODE_STAGING_H

#include "base/setsum.h"
#include "credit/chain.h"

struct staging_mark {
	uint64_t position;   /* of the image */
	struct digest index; /* of its index */
	struct chain base;   /* what we held when it was compared */
};

/* What the image makes of the stream. */
struct staging_whole {
	struct buf sealed; /* packed, without its body */
	struct setsum sum;
};

struct staging;

/* Makes the folder.  NULL and `why` on failure. */
struct staging *staging_open(
    const char *folder, const char *stream, struct why *why);
void staging_close(struct staging *staging); /* safe on NULL */
/* Streams of which something waits; false: enough. */
typedef void (*staging_stream_fn)(void *context, const char *stream);
void staging_each(const char *folder, staging_stream_fn each, void *context);

/* Position 0: nothing was begun. */
const struct staging_mark *staging_mark(const struct staging *staging);
/* Go on with what is there when it has the same mark, else begin anew. */
MUST_CHECK enum err staging_begin(
    struct staging *staging, const struct staging_mark *mark, struct why *why);
/* Is the chunk in a file that is whole? */
bool staging_has(const struct staging *staging, uint32_t number);
/* Where to write the next table; borrowed. */
const char *staging_part(const struct staging *staging);
/* That table is whole: it holds what differs from `first` to `last`. */
MUST_CHECK enum err staging_keep(
    struct staging *staging, uint32_t first, uint32_t last, struct why *why);
/* Nothing is missing. */
MUST_CHECK enum err staging_end(struct staging *staging, struct span sealed,
    const struct setsum *sum, struct why *why);
/* ERR_MISSING: something is. */
MUST_CHECK enum err staging_whole(
    struct staging *staging, struct staging_whole *whole, struct why *why);
/* Paths of the tables, ascending; borrowed until it is closed. */
const char *const *staging_paths(const struct staging *staging, size_t *count);
/* Remove everything. */
void staging_clear(struct staging *staging);

#endif
