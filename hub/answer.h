/*
 * answer: what a worker thread hands back to an HTTP exchange.
 *
 * Filled on any thread, sent on the exchange's loop.
 */
#ifndef HUB_ANSWER_H
#define HUB_ANSWER_H

#include "base/buf.h"
#include "wire/http.h"

struct answer {
	int status;
	const char *problem; /* type of docs/PROTOCOL.md; NULL: `body` is it */
	char detail[256];
	struct buf body;
	const char *content_type; /* NULL: application/json */
	bool is_page;             /* HTML of credit/page.h */
	bool is_file;     /* somebody else's: to be saved, not to be shown */
	int64_t expected; /* header Batch-Sequence-Expected; 0: none */
};

void answer_release(struct answer *answer);
/* Instead of a body; `type` is static. */
void answer_refuse(struct answer *answer, int status, const char *type,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* A batch that the hub's stop leaves undone. */
void answer_refuse_stopping(struct answer *answer);
/* An error that no path of its own explains. */
void answer_fail(struct answer *answer, enum err err, const char *detail);
/* Replies and empties the answer. */
void answer_send(struct answer *answer, struct http_exchange *exchange);
/* Answer at once, on the loop. */
void answer_problem(struct http_exchange *exchange, int status,
    const char *type, const char *detail);

#endif
