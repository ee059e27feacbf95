/*
 * handin: who may hand in what, and how a batch describes itself.
 *
 * The same words and refusals for every way in.  Any thread.
 */
#ifndef HUB_HANDIN_H
#define HUB_HANDIN_H

#include "hub/hub.h"

/* What the sender says of its bytes, as text; each may be NULL. */
struct handin {
	const char *mode;      /* delta, full */
	const char *divisions; /* of a full batch: "4401,44" */
	const char *sequence;  /* the sender's own number */
	const char *type;   /* text/csv or application/x-ndjson; charset=… */
	const char *coding; /* gzip, zstd */
};

/* Is `code` an active department that hands in `item`, and has the catalogue
 * such an item?  Otherwise fills `answer` with the refusal. */
bool handin_check(const struct hub *hub, const char *code, uint32_t item,
    struct answer *answer);
/* Fills format, charset and coding of `batch`, or `answer`. */
bool handin_describe(const struct handin *said, struct ingest_batch *batch,
    struct answer *answer);

#endif
