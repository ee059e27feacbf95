/*
 * intake: what the parent sends becomes what this node holds.
 *
 * Verify, apply, publish to children, ask for what is missing.  A batch that
 * does not continue our chain, does not verify, or ends in another state
 * digest than the signed one is refused.
 * Thread: follow.
 */
#ifndef NODE_INTAKE_H
#define NODE_INTAKE_H

#include "base/shared.h"
#include "node/bounds.h"
#include "node/courier.h"
#include "node/mend.h"
#include "node/parent.h"
#include "node/room.h"
#include "node/store.h"
#include "node/trim.h"
#include "wire/bus.h"
#include "wire/keyring.h"

struct intake_settings {
	struct store *store;
	struct shared *world;  /* struct world; replaced here */
	struct shared *lease;  /* struct lease; replaced here */
	struct signer *signer; /* of upward messages; used here only */
	struct room *room;     /* when it is short no batch is taken */
	const char *own_code;
	const char *former_folder; /* former.h; NULL: none is kept */
	const char *parent_name; /* its endpoint, for the log; set by follow */
	struct keyring *keys;    /* of the hub's batches; fed here */
	const uint8_t *catalogue_key; /* 32 bytes raw */
	int64_t lease_us;
	struct trim_limits log; /* of the sealed log */
	bool serves;            /* publish to children */
	/* A reply that nobody else waits for; may be NULL.  True: taken. */
	bool (*other_reply)(void *context, struct reply *reply);
	/* Of images, from a thread of their own; hand it to intake_loaded. */
	void (*loaded)(void *context, const struct load_report *report);
	void *context;
};

struct intake;

/* Reads the world and where every stream is.  NULL and `why` on failure. */
struct intake *intake_new(
    const struct intake_settings *settings, struct why *why);
void intake_free(struct intake *intake); /* after intake_stop; safe on NULL */
/* From now on talk. */
void intake_attach(struct intake *intake, struct bus *bus);
/* These live messages are next: what is in them may be opened ahead.  They are
 * borrowed until that was said of others, or of none. */
void intake_expect(
    struct intake *intake, const struct span *messages, size_t count);
/* A live message; a reply; as they came. */
void intake_live(struct intake *intake, struct span message);
void intake_reply(struct intake *intake, struct span message);
/* Swap the world in when members or the catalogue came. */
void intake_settle(struct intake *intake);
/* Was something applied since this was asked last?  It is not yet synced. */
bool intake_take_applied(struct intake *intake);
/* Does it hold much less than there is, and gets more all the time? */
bool intake_is_filling(const struct intake *intake);
/* The sealed log gives up what is too old or too much. */
void intake_trim(struct intake *intake);
/* Ask for what is missing, if there is room for it. */
void intake_pump(struct intake *intake);
/* Streams that batches do not help. */
struct mend *intake_mend(struct intake *intake);
void intake_loaded(struct intake *intake, const struct load_report *report);
/* Nothing is asked any more. */
void intake_stop(struct intake *intake);
struct parent *intake_parent(struct intake *intake);
struct courier *intake_courier(struct intake *intake);
/* The newest pulse as it came, struct buf; none: nobody is served. */
struct shared *intake_pulses(struct intake *intake);
/* Age of the newest pulse; -1: none yet. */
int64_t intake_age_us(const struct intake *intake);
/* How late the word of subjects came. */
const struct bounds *intake_bounds(const struct intake *intake);

#endif
