/*
 * disclosure: a subject's signed wish to be told who saw its data, at one node
 * or at all.
 *
 * The payload of a JWS by the subject's certificate (docs/PROTOCOL.md, section
 * 9).  It is what lets a node ask others for a subject: no platform's word
 * alone would do.  Pure; any thread.
 */
#ifndef CREDIT_DISCLOSURE_H
#define CREDIT_DISCLOSURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "credit/member.h"
#include "credit/uscc.h"

#define DISCLOSURE_TYPE "rongxin-disclosure+jws"
#define DISCLOSURE_JWS_MAX 8192
#define DISCLOSURE_ALL "all"
#define DISCLOSURE_LIMIT 100
#define DISCLOSURE_LIMIT_MAX 500
#define DISCLOSURE_AGE_US INT64_C(60000000)

struct disclosure {
	char subject[USCC_LEN + 1];
	char node[MEMBER_CODE_MAX + 1]; /* its code, or DISCLOSURE_ALL */
	uint64_t from;  /* the first index of interest: "after" + 1, or 0 */
	unsigned limit; /* of entries, at each node */
	int64_t time_us;
};

/* {"subject","node","after","limit","time"}; after and limit may be missing,
 * nothing else may be there. */
MUST_CHECK enum err disclosure_parse(
    struct span json, struct disclosure *disclosure, struct why *why);
void disclosure_print(const struct disclosure *disclosure, struct buf *out);
/* Is it about `subject`, within a minute of `now_us`? */
bool disclosure_holds(
    const struct disclosure *disclosure, const char *subject, int64_t now_us);
/* May this node be asked? */
bool disclosure_is_for(const struct disclosure *disclosure, const char *node);

#endif
