/*
 * gallery: images of streams, made when somebody asks, kept while useful.
 *
 * The gallery belongs to the publisher's thread; images are made, dropped and
 * the log behind them is trimmed on a thread of its own, "images", so that
 * the log always reaches from an image's position on.
 */
#ifndef HUB_GALLERY_H
#define HUB_GALLERY_H

#include "base/sign.h"
#include "hub/pg.h"
#include "hub/trim.h"
#include "wire/pack.h"

struct gallery_settings {
	const char *conninfo;
	const char *folder;                /* of images; made if missing */
	const struct verifier *catalogues; /* their signer */
	int64_t hours;                     /* that an image is kept */
	int64_t bytes;                     /* of all images; older ones go */
	struct trim_limits log;
};

struct gallery;

/* NULL and `why` when folder or database cannot be had. */
struct gallery *gallery_open(
    const struct gallery_settings *settings, struct why *why);
/* Safe on NULL; after gallery_stop. */
void gallery_close(struct gallery *gallery);
/* Starts the thread; on it `made(context, news)` is called for gallery_take.
 */
void gallery_start(struct gallery *gallery,
    void (*made)(void *context, void *news), void *context);
/* What is being made is given up.  Any thread but the gallery's own. */
void gallery_stop(struct gallery *gallery);
/* What became of an image that was to be made; on the owner's thread, or
 * after it ended. */
void gallery_take(struct gallery *gallery, void *news);

/* Append the page (REQUEST_SNAPSHOT) or chunk that is asked for.  `oldest`: of
 * the stream's log, when no position is asked for; 0: it has none.
 * ERR_BUSY: the image is being made; ERR_MISSING: there is none at this
 * position; ERR_LIMIT: it has no such part; else: try later. */
MUST_CHECK enum err gallery_answer(struct gallery *gallery,
    const struct request *request, uint64_t oldest, struct buf *out,
    struct why *why);

#endif
