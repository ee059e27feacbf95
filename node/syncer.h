/*
 * syncer: makes what was written survive a power cut, on a thread of its own,
 * so that who writes goes on meanwhile.
 */
#ifndef NODE_SYNCER_H
#define NODE_SYNCER_H

#include "node/kv.h"

struct syncer;

/* `done` on the syncer's thread, for syncer_end; the kv is borrowed. */
struct syncer *syncer_new(
    struct kv *kv, void (*done)(void *context, enum err err), void *context);
/* on the thread that writes */
/* Something was written, or nothing was: one sync for all since the last, when
 * none is under way. */
void syncer_tick(struct syncer *syncer, bool written);
/* One is over.  True: there is more on disk than before. */
bool syncer_end(struct syncer *syncer, enum err err);
void syncer_stop(struct syncer *syncer); /* ends what was begun */
void syncer_free(struct syncer *syncer); /* after syncer_stop; safe on NULL */

#endif
