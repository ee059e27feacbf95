/*
 * keeper: the thread that looks after the ledger's age.
 *
 * Runs retention once a day at its hour, and when an operator asks; puts what
 * operators did into the hub's own trail.
 */
#ifndef HUB_KEEPER_H
#define HUB_KEEPER_H

#include "hub/desk.h"

struct hub;
struct keeper;

/* Owns `ledger` from now on. */
struct keeper *keeper_new(struct hub *hub, struct ledger *ledger);
/* What it is doing is rolled back.  Safe on NULL. */
void keeper_free(struct keeper *keeper);
/* Now and then, by the main thread: is it time? */
void keeper_tick(struct keeper *keeper, int64_t now_us);
/* Its thread, for what operators ask. */
struct desk *keeper_desk(struct keeper *keeper);

#endif
