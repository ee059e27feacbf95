/*
 * upload: the body of a request on its way into a spool.
 *
 * Written behind the reading, with back-pressure: memory holds two pieces at
 * most.  On the exchange's loop.
 */
#ifndef HUB_UPLOAD_H
#define HUB_UPLOAD_H

#include "hub/hub.h"

struct upload {
	struct ingest_batch batch; /* first: ingest knows only this */
	struct hub *hub;
	struct http_exchange *exchange; /* gone when `cut` */
	void *loop;
	/* All of the body is in the spool.  Replies, now or later. */
	void (*finish)(struct upload *upload);
	uint64_t most;      /* bytes that may still come; more is refused */
	struct buf pending; /* not yet on its way to the file */
	bool is_part;       /* what came before a cut is of use */
	bool writing;
	bool complete; /* the last byte has come */
	bool cut;      /* nobody waits for an answer any more */
};

/* Takes over the batch's spool; `finish` and `most` are set by the caller. */
struct upload *upload_new(struct http_exchange *exchange, struct hub *hub,
    const struct ingest_batch *batch);
void upload_free(struct upload *upload);
/* The answer, then the end. */
void upload_answer(struct upload *upload);

/* The handlers of every path that takes such a body. */
void upload_on_chunk(
    struct http_exchange *exchange, struct span piece, void *context);
void upload_on_close(struct http_exchange *exchange, bool cut, void *context);

#endif
