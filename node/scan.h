/*
 * scan: what the streams brought becomes events of those who watch.
 *
 * Read from the sealed batches of the store, in order, each once; where they
 * are gone (an image was taken in, the log was trimmed) from the difference
 * between the records and what was known of them.  A record's version tells
 * what is news, so looking twice tells nothing twice.
 * Thread: watch.
 */
#ifndef NODE_SCAN_H
#define NODE_SCAN_H

#include "base/shared.h"
#include "node/store.h"
#include "node/watchbook.h"
#include "wire/keyring.h"

struct scan_settings {
	struct store *store;
	struct watchbook *book;
	struct shared *world; /* struct world */
	struct keyring *keys; /* of the hub's batches */
	/* The member has new events, on disk. */
	void (*told)(void *context, const char *member);
	void *context;
};

struct scan;

struct scan *scan_new(const struct scan_settings *settings);
void scan_free(struct scan *scan); /* safe on NULL */
/* A slice of what there is; true: there is more. */
bool scan_run(struct scan *scan);
/* The watches are others now. */
void scan_renew(struct scan *scan);
/* Into `write`: what is known of this subject, if nobody watched it so far,
 * and of all streams if nobody watched anything: from here on there is news. */
MUST_CHECK enum err scan_begin(struct scan *scan, struct snapshot *snapshot,
    struct kv_write *write, const char *subject);

#endif
