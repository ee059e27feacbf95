/*
 * retention: a trail's oldest entries go when they are old enough; their
 * hashes stay, and with them every proof.
 *
 * A file of entries goes whole: when the first entry behind it is older than
 * `days` and the hub has cosigned a checkpoint that covers all of it.  What is
 * still needed of it is on disk before: its tiles, how often consents were
 * used, and how far entries are deleted, so that what was lost is told from
 * what was deleted.
 * Thread: trail.
 */
#ifndef NODE_RETENTION_H
#define NODE_RETENTION_H

#include "node/entries.h"
#include "node/uses.h"
#include "wire/tiles.h"

struct retention {
	const char *folder; /* of the entries */
	int64_t days;       /* 0: for good */
	struct entries *entries;
	const struct uses *uses;
	uint64_t witnessed; /* entries that the hub cosigned */
};

/* How many entries were deleted; `uses` learns what they said. */
MUST_CHECK enum err retention_read(
    const char *folder, struct uses *uses, uint64_t *deleted, struct why *why);
/* What is due goes; answers wait meanwhile, for a sync of the file system and
 * once for each 65,536 entries. */
MUST_CHECK enum err retention_run(
    const struct retention *retention, struct why *why);

#endif
