/*
 * load: fetches images of streams from the parent, on a thread of its own.
 *
 * One stream at a time: the index first, then, in a window of credits, the
 * chunks that are not as ours are.  What is checked goes into the staging
 * folder (staging.h); the store is only read.  Whatever ends it in between, it
 * goes on from there the next time.
 */
#ifndef NODE_LOAD_H
#define NODE_LOAD_H

#include "node/fill.h"
#include "node/store.h"
#include "wire/pack.h"

#define LOAD_PEER_MAX 320

enum load_outcome {
	LOAD_WHOLE,     /* all of it lies in the staging folder */
	LOAD_PREPARING, /* the parent makes one: ask again soon */
	LOAD_LATER,     /* no answer, or the store failed */
	LOAD_REFUSED    /* the parent does not give it, or lies */
};

struct load_order {
	struct stream_state state; /* what we hold */
	uint64_t least;            /* the image must be as new as this */
	char peer[LOAD_PEER_MAX];  /* the parent's name, for the log */
};

struct load_report {
	char stream[STREAM_LEN + 1];
	enum load_outcome outcome;
	uint64_t position;
	uint32_t chunks, fetched; /* of the image; of them new */
	struct fill_count records;
};

struct load_settings {
	struct store *store;
	struct keyring *keys; /* of the hub's batches; borrowed */
	/* On the load thread: a packed request to the parent; and what became
	 * of an order, once, but when it is stopped. */
	void (*send)(void *context, struct span request);
	void (*done)(void *context, const struct load_report *report);
	void *context;
};

struct load;

struct load *load_new(const struct load_settings *settings);
/* Waits for the thread, not for what it was doing. */
void load_stop(struct load *load);
void load_free(struct load *load); /* after load_stop; safe on NULL */

/* for the follow thread */
bool load_is_busy(const struct load *load);
/* When it is not busy. */
void load_begin(struct load *load, const struct load_order *order);
/* While there is no room nothing more is fetched. */
void load_hold(struct load *load, bool held);
/* Is it the answer to something that load asked? */
bool load_is_ticket(uint64_t ticket);
void load_on_reply(struct load *load, struct span message);

#endif
