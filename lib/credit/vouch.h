/*
 * vouch: one node's word for who asks a question, to the node that holds its
 * subject.
 *
 * The payload of a JWS that the forwarder signs with its sign_key
 * (docs/PROTOCOL.md, section 9).  It is for one holder, for a short time, and
 * counts once; whoever checks it has the last word about all of that.
 * Pure; any thread.
 */
#ifndef CREDIT_VOUCH_H
#define CREDIT_VOUCH_H

#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "credit/member.h"

#define VOUCH_TYPE "rongxin-vouch+jws"
#define VOUCH_MAX 24576 /* bytes of the payload, the question included */
#define VOUCH_NONCE_LEN 16
/* How old it may be, and how far ahead the forwarder's clock. */
#define VOUCH_AGE_US INT64_C(60000000)

enum vouch_action {
	VOUCH_REPORT = 1,
	VOUCH_ENTERPRISE, /* the same question, asked by its path */
	VOUCH_ACCESSES    /* who saw the data of whom it is about */
};

struct vouch {
	char from[MEMBER_CODE_MAX + 1]; /* the forwarder */
	char to[MEMBER_CODE_MAX + 1];   /* the holder */
	char member[MEMBER_CODE_MAX + 1];
	char certificate[DIGEST_HEX_LEN + 1]; /* of the member, SHA-256 */
	enum vouch_action action;
	int64_t time_us;
	uint8_t nonce[VOUCH_NONCE_LEN]; /* names it in both trails */
};

/* {"from","to","member","certificate","action","time","nonce","question"};
 * all required, nothing else.  The question's JSON is appended to `question`
 * and is not looked at. */
MUST_CHECK enum err vouch_parse(struct span json, struct vouch *vouch,
    struct buf *question, struct why *why);
void vouch_print(
    const struct vouch *vouch, struct span question, struct buf *out);
const char *vouch_action_name(enum vouch_action action);

/* Whom it must be from and for, and when.  A vouch of before `since_us`, when
 * the checker began to remember nonces, is too old. */
struct vouch_place {
	const char *peer; /* who brought it, by its certificate */
	const char *self;
	int64_t now_us, since_us;
};

/* NULL: it holds, unless its nonce was seen; else why not, in one sentence. */
const char *vouch_fault(
    const struct vouch *vouch, const struct vouch_place *place);

#endif
