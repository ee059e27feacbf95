/*
 * cert_trust: certificates verified against the network's roots (cert.h).
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/cert.h"
#include "base/clock.h"
#include "base/mem.h"

#define AUTH_LEVEL 2 /* 112 bits and more, no SHA-1 */

struct trust {
	X509_STORE *store;
};

void
trust_free(struct trust *trust)
{
	if (trust == NULL)
		return;
	X509_STORE_free(trust->store);
	mem_free(trust);
}

/* An SM2 signature hashes its signer's identity in, which no certificate
 * names: GM/T 0015-2012 certificates all have the default one. */
static bool
set_signer_id(X509 *cert)
{
	ASN1_OCTET_STRING *id;

	if (X509_get_signature_nid(cert) != NID_SM2_with_SM3)
		return true;
	id = ASN1_OCTET_STRING_new();
	if (id == NULL ||
	    ASN1_OCTET_STRING_set(id, (const unsigned char *)SIGN_SM2_ID,
		(int)strlen(SIGN_SM2_ID)) != 1) {
		ASN1_OCTET_STRING_free(id);
		return false;
	}
	X509_set0_distinguishing_id(cert, id);
	return true;
}

static bool
add_next(struct trust *trust, BIO *bio, bool *more)
{
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	bool fine;

	*more = cert != NULL;
	if (cert == NULL)
		return ERR_GET_REASON(ERR_peek_last_error()) ==
		       PEM_R_NO_START_LINE;
	fine = X509_check_ca(cert) != 0 && set_signer_id(cert) &&
	       X509_STORE_add_cert(trust->store, cert) == 1;
	X509_free(cert);
	return fine;
}

enum err
trust_add(struct trust *trust, const char *pem, struct why *why)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	bool more = bio != NULL, fine = more, any = false;

	while (fine && more) {
		fine = add_next(trust, bio, &more);
		any = any || more;
	}
	BIO_free(bio);
	ERR_clear_error();
	if (!fine || !any)
		return why_set(why, ERR_INVALID,
		    "no certificates of CAs in PEM, or others beside them");
	return ERR_OK;
}

struct trust *
trust_new(const char *pem, struct why *why)
{
	struct trust *trust = mem_new(sizeof(*trust));

	trust->store = X509_STORE_new();
	if (trust->store != NULL && trust_add(trust, pem, why) == ERR_OK)
		return trust;
	trust_free(trust);
	return NULL;
}

int64_t
trust_until_us(const struct trust *trust)
{
	STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(trust->store);
	int64_t until_us = 0;
	int i;

	for (i = 0; i < sk_X509_OBJECT_num(objects); i++) {
		const X509 *root =
		    X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
		struct tm tm;
		int64_t end_us;

		if (root == NULL ||
		    ASN1_TIME_to_tm(X509_get0_notAfter(root), &tm) != 1)
			continue;
		end_us = (int64_t)timegm(&tm) * CLOCK_SECOND;
		if (until_us == 0 || end_us < until_us)
			until_us = end_us;
	}
	return until_us;
}

static enum err
chain_check(
    const struct trust *trust, X509 *cert, int64_t now_us, struct why *why)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	enum err err = ERR_CRYPTO;
	X509_VERIFY_PARAM *param;

	if (context == NULL ||
	    X509_STORE_CTX_init(context, trust->store, cert, NULL) != 1)
		goto out;
	param = X509_STORE_CTX_get0_param(context);
	X509_VERIFY_PARAM_set_time(param, (time_t)(now_us / CLOCK_SECOND));
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	err = ERR_OK;
	if (X509_verify_cert(context) != 1)
		err = why_set(why, ERR_DENIED, "certificate not accepted: %s",
		    X509_verify_cert_error_string(
			X509_STORE_CTX_get_error(context)));
out:
	X509_STORE_CTX_free(context);
	ERR_clear_error();
	return err;
}

static enum err
take_key(X509 *cert, struct verifier **verifier, struct why *why)
{
	*verifier = verifier_of_key(X509_get0_pubkey(cert));
	if (*verifier == NULL)
		return why_set(why, ERR_INVALID,
		    "certificate's key is not Ed25519, P-256 or SM2");
	return ERR_OK;
}

enum err
trust_check(const struct trust *trust, struct span der, int64_t now_us,
    struct identity *who, struct verifier **verifier, struct why *why)
{
	const unsigned char *at = (const unsigned char *)der.ptr;
	enum err err;
	X509 *cert;

	if (verifier != NULL)
		*verifier = NULL;
	/* Strict about every byte, and who it claims to be. */
	err = cert_identify(der, who, why);
	if (err != ERR_OK)
		return err;
	cert = d2i_X509(NULL, &at, (long)der.len);
	if (cert == NULL || !set_signer_id(cert)) {
		X509_free(cert);
		return why_set(why, ERR_CRYPTO, "cannot read a certificate");
	}
	err = chain_check(trust, cert, now_us, why);
	if (err == ERR_OK && X509_check_ca(cert) != 0)
		err = why_set(
		    why, ERR_DENIED, "a CA's certificate is no member's");
	if (err == ERR_OK && verifier != NULL)
		err = take_key(cert, verifier, why);
	X509_free(cert);
	if (err != ERR_OK)
		memset(who, 0, sizeof(*who));
	return err;
}
