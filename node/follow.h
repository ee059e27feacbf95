/*
 * follow: the thread that follows the parent and writes the store.
 *
 * The store's only writer.  Messages of the bus and letters of the http
 * workers wait here for their turn; letters and stream 0000 go first.
 */
#ifndef NODE_FOLLOW_H
#define NODE_FOLLOW_H

#include "node/courier.h"
#include "node/forward.h"
#include "node/health.h"
#include "node/intake.h"
#include "node/trail.h"
#include "wire/bus.h"

struct follow_settings {
	struct intake_settings intake;
	struct trail *trail; /* for the status, and to be witnessed … */
	const uint8_t *witness_key; /* … by this key; NULL: by nobody */
	const char *parent_name;    /* for the status */
	struct health *health;      /* for the status; NULL: not told */
	struct shared *alerts;      /* struct alert_list; NULL: none are told */
	const char *freight_folder; /* batches of local departments */
	const char *material_folder; /* of objections (materials.h) */
	/* Something was applied and is on disk; on the follow thread.  May be
	 * NULL. */
	void (*applied)(void *context);
	void *context;
};

struct follow;

/* Reads the world and starts the thread.  NULL and `why` on failure. */
struct follow *follow_open(
    const struct follow_settings *settings, struct why *why);
/* Begin to talk, from the follow thread on. */
void follow_attach(struct follow *follow, struct bus *bus);
/* Ends the thread; the bus may still call. */
void follow_stop(struct follow *follow);
void follow_free(struct follow *follow); /* after follow_stop; safe on NULL */

/* Any thread; bytes are copied. */
void follow_on_live(
    struct follow *follow, struct span topic, struct span message);
void follow_on_reply(struct follow *follow, struct span message);
void follow_on_link(struct follow *follow);
/* Takes over the letter; its `done` is always called. */
void follow_carry(struct follow *follow, struct letter *letter);
/* A child's message that the hub answers; `done` on the follow thread, or here
 * when there is too much to do. */
void follow_forward(struct follow *follow, struct span upward,
    forward_done_fn done, void *context);
/* The bytes of this batch are in the freight folder: with its manifest it is
 * kept and goes up; `done` on the follow thread, or here. */
void follow_ship(struct follow *follow, const char *name, struct span jws,
    void (*done)(void *context, enum err err), void *context);
/* Our records of the stream are not what the hub signed: mend it. */
void follow_doubt(struct follow *follow, const char *stream);
/* They were added up, and are. */
void follow_trust(struct follow *follow, const char *stream);
/* The newest pulse as the hub signed it, struct buf, to be held; none yet:
 * NULL. */
struct shared *follow_pulses(struct follow *follow);
/* A child's status: passed on once, not kept. */
void follow_pass_on(struct follow *follow, struct span upward);

#endif
