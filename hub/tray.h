/*
 * tray: one department's folder of the inbox.
 *
 * NAME.manifest.json and its file are claimed by renaming into .claimed/ and
 * settled by renaming into done/ or refused/; each step is one rename, synced,
 * that can be done again after a crash or a power cut.  Nothing follows a
 * symbolic link, as the folder is the department's to write.
 */
#ifndef HUB_TRAY_H
#define HUB_TRAY_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/spool.h"

#define TRAY_NAME_MAX 200 /* of NAME */

struct tray {
	char *path;
	int root, claimed, done, refused; /* folders */
	const atomic_bool *stop;          /* set: tray_take ends; may be NULL */
};

/* Makes the inner folders when missing. */
MUST_CHECK enum err tray_open(const char *inbox, const char *department,
    struct tray *tray, struct why *why);
void tray_close(struct tray *tray);

typedef void (*tray_fn)(void *context, const char *name);
/* Each NAME that has a manifest lying there, in order. */
void tray_each_new(struct tray *tray, tray_fn visit, void *context);
/* Each NAME that is claimed and not settled. */
void tray_each_claimed(struct tray *tray, tray_fn visit, void *context);
/* Finish what a crash left half settled. */
void tray_finish(struct tray *tray);

/* Is a claim of this NAME still under way? */
bool tray_is_claimed(const struct tray *tray, const char *name);
/* The manifest's text; age since it was written. */
MUST_CHECK enum err tray_read_new(const struct tray *tray, const char *name,
    struct buf *out, int64_t *age_seconds);
MUST_CHECK enum err tray_read_claimed(
    const struct tray *tray, const char *name, struct buf *out);
/* Bytes of a file that lies there; -1: none, or no plain file. */
int64_t tray_size_of(const struct tray *tray, const char *file);
/* The manifest, and with it the right to its file.  ERR_SEEN: another hub
 * was first. */
MUST_CHECK enum err tray_claim(const struct tray *tray, const char *name);
/* The claimed file into a spool: what is merged cannot be changed any more.
 * ERR_MISSING: it is gone; ERR_CLOSED: we are stopping. */
MUST_CHECK enum err tray_take(const struct tray *tray, const char *name,
    const char *file, struct spool *spool);
/* Into done/, or refused/. */
MUST_CHECK enum err tray_settle(
    const struct tray *tray, const char *name, bool refused);

#endif
