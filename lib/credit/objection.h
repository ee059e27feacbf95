/*
 * objection: a subject's word that a record about it is wrong, or that what
 * the record punishes is made good (异议, 信用修复).
 *
 * The signature is checked elsewhere (base/jws.h); here the claims.  Closed
 * vocabularies, unknown members refused.  Pure; any thread.
 */
#ifndef CREDIT_OBJECTION_H
#define CREDIT_OBJECTION_H

#include "base/buf.h"
#include "base/cert.h"
#include "credit/consent.h"
#include "credit/record.h"

#define OBJECTION_TYPE "rongxin-objection+jws"
#define OBJECTION_MAX 16384 /* bytes of the document */
#define OBJECTION_TEXT_MAX 3000
#define OBJECTION_MATERIALS_MAX 20
#define OBJECTION_NAME_MAX 200

enum objection_reason {
	OBJECTION_WRONG = 1, /* what it says is not so */
	OBJECTION_NOT_OURS,  /* it is about somebody else */
	OBJECTION_OUTDATED,  /* it was so, and is so no more */
	OBJECTION_EXPIRED,   /* shown longer than it may be */
	OBJECTION_DUPLICATE, /* it is there twice */
	OBJECTION_FULFILLED, /* of a repair: the duty is done … */
	OBJECTION_LIFTED,    /* … or who imposed it has lifted it */
	OBJECTION_REASONS
};

struct objection_material {
	char name[OBJECTION_NAME_MAX + 1];
	struct digest digest; /* SHA-256 of the file */
};

struct objection {
	char id[CONSENT_ID_MAX + 1]; /* spelled as a consent's */
	char subject[USCC_LEN + 1];
	uint32_t item;
	char key[RECORD_KEY_MAX + 1]; /* empty: all records of the item */
	enum objection_reason reason;
	char text[OBJECTION_TEXT_MAX + 1];
	struct objection_material materials[OBJECTION_MATERIALS_MAX];
	size_t material_count;
	int64_t time_us;
};

/* {"id","subject","item","key","reason","text","materials","time"}; key (the
 * values of the record's key fields, in their order) and materials
 * ([{"name","sha256"}]) may be missing. */
MUST_CHECK enum err objection_parse(
    struct span json, struct objection *objection, struct why *why);
void objection_print(const struct objection *objection, struct buf *out);
/* The JWS: type, chain, signature, claims, and that the signer is the
 * subject. */
MUST_CHECK enum err objection_check(struct span jws, const struct trust *trust,
    int64_t now_us, struct objection *objection, struct why *why);

const char *objection_reason_name(enum objection_reason reason);
/* Does it ask for repair, and not for a correction? */
bool objection_asks_repair(enum objection_reason reason);
/* Member "key": a record's key as the list of its values. */
void objection_put_key(struct json_out *json, struct span key);

#endif
