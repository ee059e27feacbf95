/*
 * journal: the hub's own trail: what operators did, as a Merkle log.
 *
 * The rows of operator_action are the truth, written with what was done; here
 * each gets its place for good, and the tree over them is published as
 * tlog-tiles with a signed checkpoint.  A row that was changed or taken away
 * afterwards does not fit the checkpoint any more: nothing is signed then.
 * Thread: the keeper's desk.
 */
#ifndef HUB_JOURNAL_H
#define HUB_JOURNAL_H

#include "base/sign.h"
#include "hub/pg.h"

#define JOURNAL_CODE "hub" /* in the log's origin */

struct journal;

/* Makes the folder.  Owns `signer` from now on. */
struct journal *journal_open(
    const char *folder, struct signer *signer, struct why *why);
void journal_close(struct journal *journal); /* safe on NULL */
/* Take in what is new.  Failures are logged and tried again. */
void journal_run(struct journal *journal, struct pg *pg);

/* {"number","at","who","action","target","detail"} of a row of these columns,
 * "at" and "detail" as text: the bytes of the entry. */
void journal_print_entry(const struct pg *pg, size_t row, struct buf *out);

#endif
