/*
 * publish: what was committed goes out; who asks gets what is missing.
 *
 * Owns the gallery of snapshots.  Live messages are hints: what is not sent
 * live is fetched.  Only committed batches are ever sent, because they are read
 * from the change log.  A pulse goes out every second while the ledger can be
 * read: without the ledger the hub cannot know what is newest, and says
 * nothing.
 */
#ifndef HUB_PUBLISH_H
#define HUB_PUBLISH_H

#include "base/shared.h"
#include "hub/gallery.h"
#include "wire/bus.h"

struct publish;

struct publish_settings {
	const char *conninfo;
	const char *batch_key;
	struct shared *members; /* struct members; borrowed */
	struct gallery_settings gallery;
};

/* NULL and `why` when database or key cannot be had. */
struct publish *publish_open(
    const struct publish_settings *settings, struct why *why);
/* Safe on NULL; after the bus is closed. */
void publish_close(struct publish *publish);
/* Where to; starts the thread.  Once, before the calls below. */
void publish_start(struct publish *publish, struct bus *bus);
/* Ends the thread; before the bus is closed. */
void publish_stop(struct publish *publish);
/* There may be something new: look.  Any thread. */
void publish_wake(struct publish *publish);
/* A hello or fetch from the bus; copied.  Any thread. */
void publish_request(
    struct publish *publish, const struct bus_route *from, struct span message);

#endif
