/*
 * consent: a subject's signed authorization: who may read what, why, how
 * long, how often (授权).
 *
 * The signature is checked elsewhere (base/jws.h); here the claims.  Closed
 * vocabularies, unknown members refused.  Pure; any thread.
 */
#ifndef CREDIT_CONSENT_H
#define CREDIT_CONSENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "credit/frequency.h"
#include "credit/member.h"
#include "credit/purpose.h"
#include "credit/record.h"
#include "credit/uscc.h"

#define CONSENT_ID_MAX 64 /* A-Z a-z 0-9 - _ */
#define CONSENT_TYPE "rongxin-consent+jws"
#define CONSENT_MAX 16384 /* bytes of the JWS */
#define DELEGATION_MAX 6144

enum consent_mode {
	CONSENT_ONCE = 1, /* one answer */
	CONSENT_PERIOD,   /* as often as its frequency allows */
	CONSENT_MONITOR, /* the same, again and again after the loan is given */
	CONSENT_MODES
};

struct consent {
	char id[CONSENT_ID_MAX + 1];
	unsigned version; /* of the claims' format: 1 */
	char subject[USCC_LEN + 1];
	char grantee[MEMBER_CODE_MAX + 1];
	uint32_t items[MEMBER_LIST_MAX];
	size_t item_count;
	uint32_t categories[MEMBER_LIST_MAX];
	size_t category_count;
	enum purpose purpose;
	enum consent_mode mode;
	struct frequency frequency;
	int64_t not_before_us;
	int64_t expiry_us;
	unsigned
	    data_life_days;   /* how long the grantee may keep what it read */
	char revocation[256]; /* where it can be revoked (URL) */
	bool delegated;       /* its claims have a delegation */
	/* Not claims, but what the subject said since: the control record's
	 * state, and when it last paused or resumed it (0: never). */
	bool revoked, paused;
	int64_t ordered_us;
};

/* {"id","version","subject","grantee","items"|"categories","purpose","mode",
 * "not_before","expiry","frequency","data_life_days","revocation",
 * "delegation"}; the last two may be missing.
 * Mode once has one use in all; monitor is for the purposes that
 * purpose_may_monitor. */
MUST_CHECK enum err consent_parse(
    struct span json, struct consent *consent, struct why *why);
/* `delegation`: the JWS of the one that it is signed under; empty: none. */
void consent_print(
    const struct consent *consent, struct span delegation, struct buf *out);
const char *consent_mode_name(enum consent_mode mode);
/* 0 when it is none. */
enum consent_mode consent_mode_parse(struct span text);
bool consent_covers(
    const struct consent *consent, uint32_t item, uint32_t category);

bool consent_id_is_valid(struct span id);
/* Append the delegation of these claims; false: they have none. */
bool consent_find_delegation(struct span json, struct buf *jws);
/* What documents about consents share: an id as member `name`, the "subject",
 * "items" and "categories", "not_before" and "expiry". */
void claims_consent_id(
    struct claims *claims, const char *name, char id[CONSENT_ID_MAX + 1]);
void claims_subject(struct claims *claims, char subject[USCC_LEN + 1]);
void claims_scope(struct claims *claims, struct consent *consent);
void claims_term(struct claims *claims, struct consent *consent);
void consent_print_limits(const struct consent *consent, struct json_out *json);

#endif
