/*
 * elsewhere: questions that other nodes answer, asked in a member's name.
 *
 * Each is signed for the node that is asked, tried at one after the other and
 * given up in a bounded time; whatever comes back is looked at before it is
 * passed on.  Also what other nodes' words were used already.
 * One thread owns connections, key and memory; all calls: any thread.
 */
#ifndef NODE_ELSEWHERE_H
#define NODE_ELSEWHERE_H

#include "credit/access.h"
#include "credit/vouch.h"
#include "node/world.h"
#include "wire/holder_answer.h"

struct elsewhere;

struct elsewhere_settings {
	const char *code;            /* our organisation code; borrowed */
	const char *cert, *key, *ca; /* for other nodes, PEM files */
	const char *sign_key;        /* of our word, a file */
	unsigned seconds;            /* for one question; 0: ask nobody */
};

/* Runs when it returns.  NULL and `why` on failure. */
struct elsewhere *elsewhere_open(
    const struct elsewhere_settings *settings, struct why *why);
/* Who waits is told, and nobody is asked any more. */
void elsewhere_stop(struct elsewhere *elsewhere);
void elsewhere_close(struct elsewhere *elsewhere); /* then; safe on NULL */

struct elsewhere_question {
	enum vouch_action action;
	const char *member;      /* who asks, and the SHA-256 of … */
	const char *certificate; /* … its certificate, hex */
	const char *subject;     /* whom the answer must be about */
	struct span json;
	const char *traceparent; /* of what this belongs to; or NULL */
};

/* Of several: HOLDER_NOT_HELD if none of them holds it; HOLDER_AWAY or
 * HOLDER_FAILED if one that may did not answer (as it should). */
struct elsewhere_answer {
	enum holder_end end;
	int status;
	struct span body;       /* of a JSON object, its last '}' left out */
	int64_t retry_after;    /* seconds; 0: not said */
	const char *node, *url; /* whose answer it is */
	const struct access_asked *asked; /* all that were asked, in order */
	size_t asked_count;
};

/* Exactly once, on the thread of `elsewhere`; all borrowed. */
typedef void (*elsewhere_fn)(
    void *context, const struct elsewhere_answer *answer);
/* Ask those that may hold its subject.  False: there is none to ask, and
 * `done` is not called.  The question is copied. */
bool elsewhere_ask(struct elsewhere *elsewhere, const struct world *world,
    const struct elsewhere_question *question, elsewhere_fn done,
    void *context);

/* Ask that node and no other. */
void elsewhere_ask_one(struct elsewhere *elsewhere, const struct member *node,
    const struct elsewhere_question *question, elsewhere_fn done,
    void *context);

/* Has this word been used before?  ERR_OK: never, and now it has; ERR_SEEN;
 * ERR_BUSY: not to be told now. */
typedef void (*elsewhere_seen_fn)(void *context, enum err err);
void elsewhere_use(struct elsewhere *elsewhere, const struct vouch *vouch,
    elsewhere_seen_fn done, void *context);
/* From when on words are remembered. */
int64_t elsewhere_since(const struct elsewhere *elsewhere);

#endif
