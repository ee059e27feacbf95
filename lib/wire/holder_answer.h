/*
 * holder_answer: what another node said, looked at before it is passed on.
 *
 * A holder that lies about a record cannot be found out here; one that answers
 * something else than was asked, or nothing that can be read, is.
 * Pure; any thread.
 */
#ifndef WIRE_HOLDER_ANSWER_H
#define WIRE_HOLDER_ANSWER_H

#include "credit/access.h"
#include "wire/https.h"

enum holder_end {
	HOLDER_ANSWERED, /* a report, or a refusal of the holder's */
	HOLDER_NOT_HELD, /* not by this one */
	HOLDER_AWAY,
	HOLDER_FAILED /* it did not answer as it should */
};

/* What it means.  With HOLDER_ANSWERED and HOLDER_NOT_HELD the body is
 * without its last '}' and the receipt is in `asked`; with HOLDER_FAILED,
 * `fault` says why, for the log. */
enum holder_end holder_judge(struct https_answer *answer, const char *subject,
    struct access_asked *asked, const char **fault);
/* Of a report as it is passed on, so without its last '}': the items of which
 * it shows records, QUESTION_ITEMS_MAX at most; returns how many. */
size_t holder_items(struct span body, uint32_t *items);

#endif
