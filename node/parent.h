/*
 * parent: the conversation with the node's parent (the hub, or a relaying
 * node): which streams are followed, how far they are, what is asked for.
 *
 * States of a stream, docs/PROTOCOL.md section 4: unknown, fetching, live,
 * loading.
 * What is missing is asked for in windows of credits, a few streams at a
 * time, the next window while one is applied; a request without a reply is
 * sent again after 5 s.
 * Thread: follow.
 */
#ifndef NODE_PARENT_H
#define NODE_PARENT_H

#include "credit/member.h"
#include "node/store.h"
#include "wire/bus.h"
#include "wire/pack.h"

enum followed_phase {
	FOLLOWED_UNKNOWN,
	FOLLOWED_FETCHING,
	FOLLOWED_LIVE,
	FOLLOWED_LOADING /* what is missing has to come as an image */
};

/* One stream that this node follows. */
struct followed {
	struct stream_state state;
	enum followed_phase phase;
	uint64_t newest;       /* position that somebody named */
	uint64_t ticket;       /* of the request under way; 0: none */
	int64_t asked_us;      /* monotonic */
	int64_t not_before_us; /* monotonic: be patient until then */
	int64_t loading_us;    /* monotonic: since when it needs an image */
	int64_t vain_us;       /* monotonic: since when asking brings nothing;
				* 0: it does, or nothing is missing */
	unsigned ahead;        /* pulses that know less than we hold */
	bool withheld;         /* asked in vain for too long */
};

struct parent;

struct parent *parent_new(const char *own_code);
void parent_free(struct parent *parent); /* safe on NULL */
/* What the log calls it: by its endpoint, and its code once it said it. */
void parent_set_endpoint(struct parent *parent, const char *endpoint);
const char *parent_peer(const struct parent *parent);
/* The version agreed on with the parent; 0: none yet. */
unsigned parent_protocol(const struct parent *parent);
/* From now on requests are sent. */
void parent_attach(struct parent *parent, struct bus *bus);
/* The link came: say hello and ask again for everything. */
void parent_on_link(struct parent *parent);

/* NULL when it is not followed. */
struct followed *parent_find(struct parent *parent, const char *stream);
struct followed *parent_at(struct parent *parent, size_t index); /* or NULL */
/* Follow it from here on; fine when it is followed already. */
struct followed *parent_follow(
    struct parent *parent, const struct stream_state *state);
/* No longer ours: forget it. */
void parent_leave(struct parent *parent, struct followed *followed);
/* Topics of live messages: control, pulses and what `self` holds. */
void parent_subscribe(struct parent *parent, const struct member *self);

/* Does an image miss, or more changes than this? */
bool parent_is_far_ahead(const struct parent *parent, uint64_t changes);

/* Somebody named this position of the stream. */
void parent_heard(struct followed *followed, uint64_t newest);
/* A pulse did, and it is signed: what a parent merely claimed is forgotten. */
void parent_told(struct followed *followed, uint64_t newest);
/* A batch was applied. */
void parent_applied(struct followed *followed);
/* A batch could not be applied: ask again, but not at once. */
void parent_refused(struct followed *followed);
/* Stream 0000 may be longer than we know: ask, if we do not already. */
void parent_ask_control(struct parent *parent);
/* Batches do not help any more: an image has to. */
void parent_needs_image(struct followed *followed);
/* The stream whose image is next, from now on under way; NULL: none. */
struct followed *parent_take_load(struct parent *parent);
/* It did not come: try again after so long, perhaps with batches; with them,
 * too, when it has been missing for a minute: a parent may be wrong about what
 * it does not have. */
void parent_load_again(
    struct followed *followed, int64_t pause_us, bool with_batches);
/* It came: fetch what is behind it. */
void parent_loaded(struct followed *followed);
/* The stream whose request this reply is for; NULL: nobody waits. */
struct followed *parent_take_reply(
    struct parent *parent, const struct reply *reply);
/* Ask for what is missing, as far as there is room. */
void parent_pump(struct parent *parent);
/* Before batches up to `last` are applied: ask for what is behind them, so
 * that it comes meanwhile.  One of them was not applied: what was asked for
 * ahead is of no use. */
void parent_ask_ahead(
    struct parent *parent, struct followed *followed, uint64_t last);
void parent_forget_ahead(struct followed *followed);
/* Send any request; its ticket, 0 when there is no bus yet. */
uint64_t parent_send(struct parent *parent, struct request *request);
const char *followed_phase_name(enum followed_phase phase);

#endif
