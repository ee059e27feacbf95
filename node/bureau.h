/*
 * bureau: the made-up department of a sandbox, which answers objections.
 *
 * It accepts one after a moment and decides it after another, as the text asks
 * for: with "refused", "upheld", "undetermined" or "terminated" in it, so;
 * else it was right (corrected by withdrawing the record, or repaired).  What
 * each does to the record is as at a hub.  Open ones are in memory only: what
 * was open when the sandbox ended stays as it stood.
 * Threads: the origin's.
 */
#ifndef NODE_BUREAU_H
#define NODE_BUREAU_H

#include "credit/declaration.h"
#include "credit/informed.h"
#include "node/origin.h"

struct bureau;

struct bureau *bureau_new(struct origin *origin); /* borrowed */
void bureau_free(struct bureau *bureau);          /* safe on NULL */

/* Put, not committed; the same again changes nothing.  ERR_CONFLICT: its id is
 * another one's.  ERR_LIMIT: there are too many. */
MUST_CHECK enum err bureau_file(struct bureau *bureau,
    const struct objection *claims, struct span text, struct why *why);
/* About one that was filed since the sandbox began; others change nothing. */
void bureau_say(struct bureau *bureau, const struct declaration *said);
void bureau_note_informed(
    struct bureau *bureau, const struct informed *informed);
/* Puts what is due by now.  True: there is something to commit. */
bool bureau_work(struct bureau *bureau);

#endif
