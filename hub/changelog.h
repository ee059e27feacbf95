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

struct changelog_change {
	const char *stream;
	uint64_t ordinal;   /* among the changes of its stream, from 1 */
	struct span packed; /* the record with its new version */
	struct digest digest, old_digest;
	uint64_t old_version; /* 0: there was none */
	int64_t as_of_us, old_as_of_us;
};

/* The next change of a locked stream, into a batch to be sealed; answers its
 * position. */
MUST_CHECK enum err changelog_add(struct changelog *changelog,
    const struct changelog_change *change, uint64_t *position);
/* Send sealed batches when there are many: memory does not grow with the
 * number of changes. */
void changelog_flush(struct changelog *changelog, struct pg *pg);
/* Seal what is left and move the streams forward.  `packed`: first add what
 * of `change` is packed in `body`. */
MUST_CHECK enum err changelog_write(
    struct changelog *changelog, struct pg *pg, bool packed);
/* Of the last write, ascending by stream; borrowed. */
const struct changelog_range *changelog_ranges(
    const struct changelog *changelog, size_t *count);

#endif
