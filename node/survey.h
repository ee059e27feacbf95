/*
 * survey: one walk over what this node holds of a stream, added up and
 * compared: with the index of an image, or with what it should be.
 *
 * Reads everything the store has, so it is not for a thread that others wait
 * for.  Of the walk only a sum at a time is in memory.
 */
#ifndef NODE_SURVEY_H
#define NODE_SURVEY_H

#include <stdatomic.h>

#include "node/index.h"
#include "node/store.h"

/* `key` is the store's; a record that cannot be read, or is not what its
 * digest says, is NULL. */
typedef void (*survey_fn)(
    void *context, struct span key, const struct stored *stored);

/* Every record of the stream in the order of an image; ERR_CLOSED: `stop` was
 * set. */
MUST_CHECK enum err survey_each(struct snapshot *snapshot, const char *stream,
    const _Atomic bool *stop, survey_fn each, void *context);

/* Which chunks are not what we hold: `differs` has index->count places. */
MUST_CHECK enum err survey_compare(struct snapshot *snapshot,
    const struct index *index, const _Atomic bool *stop, bool *differs);

#endif
