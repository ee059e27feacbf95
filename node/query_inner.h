/*
 * query_inner: what query.c, which decides and reads, query_print.c and
 * query_elsewhere.c share.  Nobody else includes it.
 */
#ifndef NODE_QUERY_INNER_H
#define NODE_QUERY_INNER_H

#include "credit/report.h"
#include "node/answer.h"
#include "node/printer.h"
#include "node/query.h"
#include "node/world.h"

struct query {
	struct answer answer; /* first */
	struct question question;
	const struct world *world; /* held until the end */
	struct consent consent;    /* that the question names */
	struct permit permit;
	char stream[STREAM_LEN + 1]; /* of the subject; "" not held here */
	struct standpoint standpoint;
	struct report *report; /* NULL: the answer is a problem */
	bool passed_on;        /* … or another node's */
	int64_t retry_after;   /* as that one says; 0: it does not */
	struct snapshot *snapshot;
	bool is_spent; /* no use of the consent was left when it was counted */
	enum err err;  /* of the store */
	struct asking asking;
	struct print_job print;
};

/* query.c */

void query_count(struct query *query, enum outcome outcome);
/* Nothing of it is shown. */
void query_drop_report(struct query *query);

/* query_print.c */

/* The document is complete: it is answered as a page, on paper or signed. */
void query_print(struct query *query);
/* Not for paper; nothing of it is shown. */
bool query_is_too_long(const struct query *query, struct span report);
void query_say_too_long(struct query *query);

/* query_elsewhere.c */

/* Who asks itself asks the holder itself; tokens are this node's own. */
bool query_may_leave(const struct query *query);
/* Ask another node; false: there is none.  What this node knows to be revoked
 * or paused is so everywhere. */
bool query_leave(struct query *query);
/* Behind the other node's answer, whose own receipt is in it. */
void query_end_passed_on(struct query *query);

#endif
