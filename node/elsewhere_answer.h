/*
 * elsewhere_answer: what another node said, looked at before it is passed on.
 *
 * A holder that lies about a record cannot be found out here; one that answers
 * something else than was asked, or nothing that can be read, is.
 * Pure; any thread.
 */
#ifndef NODE_ELSEWHERE_ANSWER_H
#define NODE_ELSEWHERE_ANSWER_H

#include "node/elsewhere.h"
#include "wire/https.h"

/* What it means.  With ELSEWHERE_ANSWERED and ELSEWHERE_NOT_HELD the body is
 * without its last '}' and the receipt is in `asked`; with ELSEWHERE_FAILED,
 * `fault` says why, for the log. */
enum elsewhere_end elsewhere_judge(struct https_answer *answer,
    const char *subject, struct access_asked *asked, const char **fault);

#endif
