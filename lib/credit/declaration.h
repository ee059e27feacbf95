/*
 * declaration: what a subject wants to be read beside a record that it has
 * objected to (声明), said after the objection was filed.
 *
 * The newest by its time counts.  Unknown members refused.  Pure; any thread.
 */
#ifndef CREDIT_DECLARATION_H
#define CREDIT_DECLARATION_H

#include "base/buf.h"
#include "base/cert.h"
#include "credit/objection.h"

#define DECLARATION_TYPE "rongxin-statement+jws"
#define DECLARATION_MAX 16384 /* bytes of the document */
#define DECLARATIONS_MAX 20   /* about one objection */
/* Beside one record of a report; what is said about more is left out. */
#define DECLARATIONS_SHOWN 10

struct declaration {
	char objection[CONSENT_ID_MAX + 1]; /* its id */
	char subject[USCC_LEN + 1];
	char text[OBJECTION_TEXT_MAX + 1];
	int64_t time_us;
};

/* {"objection","subject","statement","time"} */
MUST_CHECK enum err declaration_parse(
    struct span json, struct declaration *declaration, struct why *why);
void declaration_print(const struct declaration *declaration, struct buf *out);
/* The JWS: type, chain, signature, claims, and that the signer is the
 * subject. */
MUST_CHECK enum err declaration_check(struct span jws,
    const struct trust *trust, int64_t now_us, struct declaration *declaration,
    struct why *why);

/* May one be made about an objection that stands so (credit/objection.h, a
 * record of stream 0000)?  Not when it was refused or terminated. */
bool declaration_is_due(const struct json *objection);
/* Does `objection` say something that belongs beside the record with this key
 * while that is disputed?  Its text; ptr NULL: nothing. */
struct span declaration_about(
    const struct json *objection, uint32_t item, struct span key);

#endif
