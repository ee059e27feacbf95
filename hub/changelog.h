/*
 * changelog: changed records get positions and travel in sealed batches.
 *
 * Works inside the ledger's transaction on its temporary tables `body` and
 * `change`.  Positions have no gaps and follow commit order, because a
 * stream's row stays locked from changelog_lock to the commit.
 * Belongs to one ledger.
 */
#ifndef HUB_CHANGELOG_H
#define HUB_CHANGELOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/sign.h"
#include "credit/region.h"
#include "hub/pg.h"

struct changelog;

/* What one transaction added to one stream. */
struct changelog_range {
	char stream[STREAM_LEN + 1];
	uint64_t first, last;
};

/* `signer` is borrowed. */
struct changelog *changelog_new(struct signer *signer);
void changelog_free(struct changelog *changelog); /* safe on NULL */
/* Lock the streams of `change`, in stream order. */
void changelog_lock(struct changelog *changelog, struct pg *pg);
/* Seal what `change` names, in order, and move the streams forward.  Memory
 * does not grow with the number of changes. */
MUST_CHECK enum err changelog_write(struct changelog *changelog, struct pg *pg);
/* Of the last write, ascending by stream; borrowed. */
const struct changelog_range *changelog_ranges(
    const struct changelog *changelog, size_t *count);

#endif
