/*
 * trail_entries: the clear entries in a trail's folder, read in order.
 *
 * docs/PROTOCOL.md §6: frames `u32 n || first 8 bytes of the leaf hash ||
 * nonce || entry` in files named by their first index.
 */
#ifndef CLI_TRAIL_ENTRIES_H
#define CLI_TRAIL_ENTRIES_H

#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"

struct entries;

/* `*entries` NULL and ERR_OK when the folder has no clear entries at all: a
 * copy for the public. */
MUST_CHECK enum err entries_open(
    const char *trail, struct entries **entries, struct why *why);
void entries_close(struct entries *entries); /* safe on NULL */
/* Is the next entry number `index`, and does it have this commitment?  One that
 * was deleted has it.
 * To be called for 0, 1, 2, … */
MUST_CHECK enum err entries_compare(struct entries *entries, uint64_t index,
    const struct digest *commitment, struct why *why);
/* After the last one: count what lies beyond, which must be whole too but for
 * a torn last frame. */
MUST_CHECK enum err entries_finish(struct entries *entries, struct why *why);
/* How many were deleted at the end of their retention. */
uint64_t entries_deleted(const struct entries *entries);
uint64_t entries_beyond(const struct entries *entries);

#endif
