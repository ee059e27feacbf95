/*
 * check: does what lies in the store add up to what was signed?
 *
 * The sum of a stream is kept with every batch; here it is added up anew from
 * the records of all streams, in one walk over a snapshot, so that a record
 * that was changed behind the checksums of the disk is found before anybody
 * changes it next.
 * A thread of its own, behind all others.
 */
#ifndef NODE_CHECK_H
#define NODE_CHECK_H

#include "node/store.h"

struct check_settings {
	struct store *store;
	int64_t pause_us; /* from one walk to the next; 0: never */
	/* On the check's thread, for each stream. */
	void (*found)(void *context, const char *stream, bool agrees);
	void *context;
};

struct check;

struct check *check_new(const struct check_settings *settings);
void check_stop(struct check *check); /* in the middle of a walk, too */
void check_free(struct check *check); /* after check_stop; safe on NULL */

#endif
