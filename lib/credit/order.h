/*
 * order: a subject's word about a consent that it gave: revoke, pause, resume.
 *
 * A revocation is for ever.  Pauses and resumptions are ordered by their time:
 * one that is not newer than the last changes nothing, so that nobody can
 * bring an old word again.
 * Pure; any thread.
 */
#ifndef CREDIT_ORDER_H
#define CREDIT_ORDER_H

#include "base/buf.h"
#include "base/cert.h"
#include "credit/consent.h"

/* The numbers travel. */
enum order_kind {
	ORDER_REVOKE = 0,
	ORDER_PAUSE,
	ORDER_RESUME,
	ORDER_COUNT
};

struct order {
	enum order_kind kind;
	char id[CONSENT_ID_MAX + 1]; /* of the consent */
	char subject[USCC_LEN + 1];
	int64_t time_us;
};

/* {"revokes"|"pauses"|"resumes": id, "subject", "time"} */
MUST_CHECK enum err order_parse(
    struct span json, struct order *order, struct why *why);
void order_print(const struct order *order, struct buf *out);
/* Type of the JWS. */
const char *order_type(enum order_kind kind);
/* "revocation", "pause", "resume": in paths and in the trail. */
const char *order_action(enum order_kind kind);
/* A clock may be ahead by so much, and no pause is from later than that. */
#define ORDER_AHEAD_US INT64_C(300000000)
bool order_is_ahead(const struct order *order, int64_t now_us);
/* The JWS: type, chain, signature, claims, that the signer is the subject, and
 * that it is not from the future. */
MUST_CHECK enum err order_check(struct span jws, const struct trust *trust,
    int64_t now_us, struct order *order, struct why *why);

#endif
