/*
 * cert_trust: certificates verified against the network's roots (cert.h).
 */
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/cert.h"
#include "base/clock.h"
#include "base/mem.h"

#define AUTH_LEVEL 2 /* 112 bits and more, no SHA-1 */

struct trust {
	X509_STORE *store;
};

struct trust *
trust_open(const char *ca_path, struct why *why)
{
	struct trust *trust = mem_new(sizeof(*trust));

	trust->store = X509_STORE_new();
	if (trust->store != NULL &&
	    X509_STORE_load_file(trust->store, ca_path) == 1)
		return trust;
	why_set(why, ERR_CRYPTO, "%s holds no certificates in PEM", ca_path);
	ERR_clear_error();
	trust_free(trust);
	return NULL;
}

void
trust_free(struct trust *trust)
{
	if (trust == NULL)
		return;
	X509_STORE_free(trust->store);
	mem_free(trust);
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
		    "certificate's key is neither Ed25519 nor P-256");
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
	if (cert == NULL)
		return why_set(why, ERR_CRYPTO, "cannot read a certificate");
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
