/*
 * delegation: a subject lets another organisation sign consents for it.
 *
 * A JWS of the subject, given by its legal representative; it travels inside
 * the claims of each consent that is signed under it.  Such a consent is within
 * it in every respect, its term too, so that a delegation that has ended opens
 * nothing.  Nobody delegates further.
 * Pure; any thread.
 */
#ifndef CREDIT_DELEGATION_H
#define CREDIT_DELEGATION_H

#include "base/buf.h"
#include "base/cert.h"
#include "credit/consent.h"

#define DELEGATION_TYPE "rongxin-delegation+jws"

struct delegation {
	/* The most that a consent under it may say: subject, items, categories,
	 * term.  The id is the delegation's own. */
	struct consent widest;
	char delegate[MEMBER_CODE_MAX + 1]; /* code of its certificate */
	bool purposes[PURPOSE_COUNT];
};

/* {"id","version","subject","delegate","purposes","items"|"categories",
 * "not_before","expiry"} */
MUST_CHECK enum err delegation_parse(
    struct span json, struct delegation *delegation, struct why *why);
void delegation_print(const struct delegation *delegation, struct buf *out);
/* Is the consent within it?  An item is, when it is listed itself; a category
 * likewise. */
MUST_CHECK enum err delegation_covers(const struct delegation *delegation,
    const struct consent *consent, struct why *why);

/* A consent that was checked: by whom it is signed. */
struct authority {
	struct consent consent;
	struct buf claims; /* its JSON */
	char signer[CERT_CODE_MAX + 1];
};
/* Chain, signature and claims of a consent's JWS, and that it is signed by its
 * subject, or by a delegate whose delegation it has and covers it. */
MUST_CHECK enum err authority_check(struct span jws, const struct trust *trust,
    int64_t now_us, struct authority *authority, struct why *why);
void authority_release(struct authority *authority);

#endif
