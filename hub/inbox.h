/*
 * inbox: folders into which departments put files, as over SFTP.
 *
 * INBOX/<department>/ holds data files and NAME.manifest.json beside them.  A
 * file is taken when its manifest is there and it is as long as that says;
 * the rename of the manifest into .claimed/ is the claim, so it is taken
 * once, by one hub.  What is in .claimed/ is work not done yet: a hub that
 * was killed goes on with it, and the ledger knows a batch id that was
 * committed.  Then receipt and findings are put beside, and the file goes to
 * done/ or refused/.
 * Threads: one of its own, polling.
 */
#ifndef HUB_INBOX_H
#define HUB_INBOX_H

#include "hub/hub.h"

struct inbox;

/* Begins to poll settings.inbox; `hub` is borrowed.  NULL and `why` when the
 * folder or the database cannot be reached. */
struct inbox *inbox_open(
    struct hub *hub, const char *conninfo, struct why *why);
/* Takes no more; before ingest_stop.  What is claimed stays so for the next
 * start.  Safe on NULL. */
void inbox_stop(struct inbox *inbox);
/* After ingest_close.  Safe on NULL. */
void inbox_free(struct inbox *inbox);

#endif
