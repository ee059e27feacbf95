/*
 * access: one entry of the trail: who asked what about whom, and the permit.
 *
 * The Merkle leaf's data is the salted commitment SHA-256(nonce || entry
 * bytes), so hashes may be public while the entry stays deletable.  Packed by
 * wire/pack_access.  Pure; any thread.
 */
#ifndef CREDIT_ACCESS_H
#define CREDIT_ACCESS_H

#include "base/digest.h"
#include "credit/holder.h"
#include "credit/permit.h"
#include "credit/region.h"
#include "credit/vouch.h"

#define ACCESS_NONCE_LEN 16

/* A node that the question was forwarded to, and its entry about it. */
struct access_asked {
	char node[MEMBER_CODE_MAX + 1];
	uint8_t vouch[VOUCH_NONCE_LEN]; /* in its entry too */
	bool answered;                  /* else it has perhaps no entry */
	uint64_t index;
	struct digest leaf;
};

struct access {
	int64_t time_us;
	char member[MEMBER_CODE_MAX + 1];
	uint8_t certificate[8]; /* first bytes of its SHA-256 */
	char subject[USCC_LEN + 1];
	enum purpose purpose;
	char action[16]; /* "report", "enterprise", "statistics", "screening",
			    "consent", "revocation", "forward", "vouched",
			    "accesses", "find" */
	/* Shown, at least in part; anonymised: what the answer is made of. */
	uint32_t items[QUESTION_ITEMS_MAX];
	size_t item_count;
	char consent[CONSENT_ID_MAX + 1];
	enum permit_rule rule;         /* of the whole question */
	enum permit_rule consent_rule; /* why protected fields were withheld */
	bool authorised;
	struct use use; /* of the consent, if it is limited */
	enum permit_level level;
	char stream[STREAM_LEN + 1];
	uint64_t position;
	struct digest answer; /* of the answer's body without the receipt */
	/* The platform that the member asked through, "" when it asked itself,
	 * and the nonce of its word. */
	char via[MEMBER_CODE_MAX + 1];
	uint8_t vouch[VOUCH_NONCE_LEN];
	struct access_asked asked[HOLDERS_MAX]; /* in this order */
	size_t asked_count;
};

void access_fill(struct access *access, const struct question *question,
    const struct permit *permit);
struct digest access_commitment(
    const uint8_t nonce[ACCESS_NONCE_LEN], struct span entry);
/* For GET /v1/trail/entries/{index} and people. */
void access_print(const struct access *access, struct buf *json);

#endif
