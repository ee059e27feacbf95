/*
 * answer: what may leave only after the trail holds it.
 *
 * The order is the promise: answer_log first; `then` runs on the exchange's
 * loop when the entry is on disk, and not at all when it is not (the answer
 * is then 503, or another one: `on_spent`).  Embed it first in what a handler
 * allocates for itself.
 */
#ifndef NODE_ANSWER_H
#define NODE_ANSWER_H

#include "node/node.h"
#include "wire/http.h"

struct answer {
	struct node *node;
	struct http_exchange *exchange;
	struct access access; /* filled by the handler before answer_log */
	int status;           /* 200 until answer_problem */
	struct buf body;
	enum err logged;              /* what the trail said */
	struct trail_receipt receipt; /* when logged */
	struct allowance allowance;   /* told in the header */
	void (*then)(struct answer *answer);
	/* In its place when the consent's uses are used up: nothing may leave,
	 * and another answer is to be logged.  NULL: there is none to use. */
	void (*on_spent)(struct answer *answer);
	void (*release)(struct answer *answer); /* frees what it is part of */
};

/* Time, member and certificate of the entry. */
void answer_init(struct answer *answer, struct node *node,
    struct http_exchange *exchange, const char *action);
/* It is asked through a platform that vouches for the member. */
void answer_vouch(struct answer *answer, const struct vouch *vouch);
/* The body becomes this problem document. */
void answer_problem(struct answer *answer, int status, const char *type,
    const char *title, const char *detail);
/* May this member ask that now?  False: the answer is a problem, and `permit`
 * names the limit.  `catalog` is borrowed until the answer is sent. */
bool answer_is_within_limits(struct answer *answer,
    const struct catalog *catalog, const struct question *question,
    struct permit *permit);
/* The body becomes the problem of a question that the permit refused. */
void answer_refuse(struct answer *answer, enum permit_rule rule);
/* Into the trail with the digest of the body so far.  The answer goes on in
 * `then`, or is released. */
void answer_log(struct answer *answer);
/* Put the receipt behind the last member of a problem or small document. */
void answer_add_receipt(struct answer *answer);
/* Reply with the body and release. */
void answer_send(struct answer *answer);

#endif
