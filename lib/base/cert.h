/*
 * cert: the network's X.509 certificates.
 *
 * A member is its organisation code: subject attribute organizationIdentifier
 * (OID 2.5.4.97) holds it, the common name holds the name.  A renewed
 * certificate with the same code is the same member.
 */
#ifndef BASE_CERT_H
#define BASE_CERT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/sign.h"
#include "base/span.h"

#define CERT_CODE_MAX 32
#define CERT_NAME_MAX 192

/* Who a certificate speaks for. */
struct identity {
	char code[CERT_CODE_MAX + 1];
	char name[CERT_NAME_MAX + 1];
	char fingerprint[DIGEST_HEX_LEN + 1]; /* SHA-256 of the DER */
	int64_t not_after_us;
};

/* A new CA: `<stem>.key` and `<stem>.crt` (P-256, ten years). */
MUST_CHECK enum err cert_make_ca(
    const char *stem, const char *name, struct why *why);

/* What to put into a certificate. */
struct cert_request {
	const char *code;
	const char *name;
	const char
	    *hosts; /* comma list of DNS names and IPs; NULL: client only */
	int days;
	bool sm2; /* a new key is SM2: signs documents, opens no connection */
};

/* A new P-256 or SM2 key and a certificate from the CA: `<stem>.key`,
 * `<stem>.crt`.  An existing `<stem>.key` is kept and certified again
 * (renewal). */
MUST_CHECK enum err cert_issue(const char *ca_stem, const char *stem,
    const struct cert_request *request, struct why *why);

/* Whom documents that carry their own certificate are believed from
 * (cert_trust.c).  Made once; any thread may check. */
struct trust;

/* From CAs' certificates in PEM: roots, and what is between.  NULL and `why`
 * when there are none, or others among them. */
struct trust *trust_new(const char *pem, struct why *why);
/* These too.  Before anybody checks. */
MUST_CHECK enum err trust_add(
    struct trust *trust, const char *pem, struct why *why);
void trust_free(struct trust *trust); /* safe on NULL */
/* When the first of its roots ends; 0: nobody can tell. */
int64_t trust_until_us(const struct trust *trust);

/* Verify a DER certificate against the roots at `now_us` and say who it is.
 * `verifier` (may be NULL) receives its public key; caller frees. */
MUST_CHECK enum err trust_check(const struct trust *trust, struct span der,
    int64_t now_us, struct identity *who, struct verifier **verifier,
    struct why *why);

/* Identity of a DER certificate that somebody else has verified (TLS). */
MUST_CHECK enum err cert_identify(
    struct span der, struct identity *who, struct why *why);

/* Identity of a PEM certificate file, unverified (for display and set-up).
 * `der` (may be NULL) receives its bytes. */
MUST_CHECK enum err cert_read(
    const char *path, struct identity *who, struct buf *der, struct why *why);

#endif
