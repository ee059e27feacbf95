/*
 * tenure: which of several hubs on one ledger works; the others stand by.
 *
 * The lock is a session of PostgreSQL's, which ends a session that is silent
 * for ten seconds: so a machine that is gone, or a process that stands still,
 * holds up nobody.  Each tenure has a number, one above the last.  A hub that
 * lost the lock and finds the number unchanged had no successor and goes on;
 * one that finds another must end, for what it remembers is of before.
 * Two hubs that overlap for a moment harm nothing: the ledger's own locks
 * order what they write.
 * Main thread, but for one of its own.
 */
#ifndef HUB_TENURE_H
#define HUB_TENURE_H

#include <stdbool.h>

#include "base/err.h"

struct tenure;

/* Waits for as long as another hub works on the ledger of `conninfo`.  NULL
 * when there is no database. */
struct tenure *tenure_take(const char *conninfo, struct why *why);
/* Another hub works. */
bool tenure_is_over(const struct tenure *tenure);
/* The next may begin.  Safe on NULL. */
void tenure_free(struct tenure *tenure);

#endif
