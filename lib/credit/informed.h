/*
 * informed: what a node says of a correction: how many institutions that had
 * read the record there were told of it.
 *
 * Counts, not names.  Unknown members refused.  Pure; any thread.
 */
#ifndef CREDIT_INFORMED_H
#define CREDIT_INFORMED_H

#include "base/buf.h"
#include "base/err.h"
#include "credit/consent.h"

#define INFORMED_MAX 256 /* bytes of the document */
#define INFORMED_MEMBERS_MAX 1000000

struct informed {
	char objection[CONSENT_ID_MAX + 1];
	uint32_t members;
};

/* {"objection","members"} */
MUST_CHECK enum err informed_parse(
    struct span json, struct informed *informed, struct why *why);
void informed_print(const struct informed *informed, struct buf *out);

#endif
