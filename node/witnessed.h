/*
 * witnessed: the newest checkpoint of this trail that the hub cosigned.
 *
 * In the trail's folder as "witnessed", a signed note with both lines.  Once
 * there, the trail never again has fewer entries or other ones.
 * Thread: trail.
 */
#ifndef NODE_WITNESSED_H
#define NODE_WITNESSED_H

#include "base/sign.h"
#include "credit/note.h"

struct witnessed {
	struct buf note; /* empty: none yet */
	struct checkpoint checkpoint;
};

void witnessed_release(struct witnessed *witnessed);
/* None is no error. */
MUST_CHECK enum err witnessed_read(struct witnessed *witnessed,
    const char *folder, struct signer *signer, struct why *why);
/* Keeps `note`, which is signed by `signer`, unless it is older.  The
 * witness's line was checked by the caller. */
MUST_CHECK enum err witnessed_take(struct witnessed *witnessed,
    const char *folder, struct signer *signer, struct span note,
    struct why *why);

#endif
