/*
 * mend: streams that batches do not help: too far behind the parent's log, or
 * not what the hub signed.
 *
 * Orders their images one after the other (load.h) and makes them what this
 * node holds (adopt.h).
 * Thread: follow.
 */
#ifndef NODE_MEND_H
#define NODE_MEND_H

#include "node/courier.h"
#include "node/load.h"
#include "node/parent.h"
#include "node/room.h"

struct mend_settings {
	struct store *store;
	struct parent *parent;
	struct courier *courier; /* told of consents */
	const struct room *room; /* when it is short nothing is loaded */
	struct keyring *keys;    /* of the hub's batches; borrowed */
	/* On a thread of its own: a request; a report, for mend_loaded. */
	void (*ask)(void *context, struct span request);
	void (*loaded)(void *context, const struct load_report *report);
	void *context;
};

struct mend;

struct mend *mend_new(const struct mend_settings *settings);
void mend_stop(struct mend *mend); /* nothing is asked any more */
void mend_free(struct mend *mend); /* after mend_stop; safe on NULL */
/* Begin with the next stream that needs it. */
void mend_run(struct mend *mend);
/* Is an image coming? */
bool mend_is_loading(const struct mend *mend);
/* True: stream 0000 changed. */
bool mend_loaded(struct mend *mend, const struct load_report *report);
/* Of a ticket that is load's. */
void mend_on_reply(struct mend *mend, struct span message);
/* What we hold of the stream is not what the hub signed; or it is. */
void mend_doubt(struct mend *mend, const char *stream);
void mend_trust(struct mend *mend, const char *stream);

#endif
