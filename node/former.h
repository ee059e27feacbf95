/*
 * former: the catalogues that were in force here, a file each.
 *
 * A report names the version that it was made by; who has it printed again
 * years later gets the same words.  A node keeps what it saw: what was in
 * force before it was set up it does not have.  From them it also knows which
 * catalogue is older than one that it had.
 * Any thread.
 */
#ifndef NODE_FORMER_H
#define NODE_FORMER_H

#include "base/buf.h"
#include "base/err.h"
#include "credit/catalog.h"
#include "node/store.h"

/* Keep the catalogue of the snapshot as `version` in `folder`, which is made;
 * nothing when it is kept already.  A failure is logged. */
void former_keep(
    const char *folder, struct snapshot *snapshot, uint64_t version);
/* The newest version that is kept; 0: none. */
uint64_t former_newest(const char *folder);
/* Its text, appended to `json`.  `why`: it is not kept, or damaged. */
MUST_CHECK enum err former_read(
    const char *folder, uint64_t version, struct buf *json, struct why *why);
/* NULL and `why`: not kept.  Caller owns it. */
struct catalog *former_open(
    const char *folder, uint64_t version, struct why *why);

#endif
