/*
 * sign: keys that sign and keys that verify.
 *
 * Each kind of signature has its own key (batch, catalogue, trail, consent);
 * keys are PEM files readable by their owner only.  What the network itself
 * signs is Ed25519.  Documents that carry a certificate (consents, objections)
 * are ECDSA P-256 or SM2 with SM3 (GB/T 32918.2-2016), as the certificate's
 * key is.
 * A signer belongs to one thread at a time; a verifier may be shared.
 */
#ifndef BASE_SIGN_H
#define BASE_SIGN_H

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/span.h"

#define SIGN_KEY_ID_LEN 8
/* The identity in SM2 signatures (GM/T 0009-2012 §10). */
#define SIGN_SM2_ID "1234567812345678"

struct signer;
struct verifier;

/* A new Ed25519 key. */
struct signer *signer_new(void);
/* A new ECDSA P-256 key, for certificates. */
struct signer *signer_new_p256(void);
/* A new SM2 key, for certificates of who signs documents. */
struct signer *signer_new_sm2(void);
/* Refuses a file that others may read.  NULL and `why` on failure. */
struct signer *signer_open(const char *path, struct why *why);
/* Writes PKCS#8 PEM with mode 0600; fails when the file exists. */
MUST_CHECK enum err signer_save(
    const struct signer *signer, const char *path, struct why *why);
void signer_free(struct signer *signer); /* safe on NULL; wipes */
/* Append the raw signature (64 bytes for Ed25519; DER for ECDSA and SM2). */
MUST_CHECK enum err signer_sign(
    struct signer *signer, struct span bytes, struct buf *signature);
/* "EdDSA", "ES256" (RFC 8037, RFC 7518) or "SM2-SM3" (docs/PROTOCOL.md §5). */
const char *signer_algorithm(const struct signer *signer);
/* Raw public key (32 bytes) of an Ed25519 signer. */
MUST_CHECK enum err signer_public(const struct signer *signer, uint8_t out[32]);

/* From 32 raw Ed25519 bytes. */
struct verifier *verifier_new(const uint8_t raw[32]);
void verifier_free(struct verifier *verifier); /* safe on NULL */
/* As of signers. */
const char *verifier_algorithm(const struct verifier *verifier);
/* Raw public key; ERR_INVALID unless it is Ed25519. */
MUST_CHECK enum err verifier_public(
    const struct verifier *verifier, uint8_t out[32]);
bool verifier_check(
    const struct verifier *verifier, struct span bytes, struct span signature);
/* First 8 bytes of the SHA-256 of the raw public key: names a key. */
void sign_key_id(const uint8_t raw[32], uint8_t id[SIGN_KEY_ID_LEN]);

/* For cert.c only: OpenSSL's key inside (borrowed), and a verifier around one
 * (shared); NULL when it is of another kind. */
struct evp_pkey_st;
struct evp_pkey_st *signer_key(const struct signer *signer);
struct verifier *verifier_of_key(struct evp_pkey_st *key);

#endif
