/*
 * sign: Ed25519, ECDSA P-256 and SM2 keys through OpenSSL's EVP.
 */
#include "base/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define SIGNATURE_MAX 128 /* DER of P-256 and SM2 takes at most 72 */

struct signer {
	EVP_PKEY *key;
};

struct verifier {
	EVP_PKEY *key;
};

/* What this file knows of a kind of key. */
struct kind {
	const char *type;      /* OpenSSL's name */
	const char *group;     /* of a curve; NULL: the type says it */
	const char *algorithm; /* in a JWS */
	const char *digest;    /* NULL: the message itself is signed */
	const char *id;        /* signer's identity, hashed in; NULL: none */
};

/* GM/T 0009-2012 §10: the identity of who has none of his own. */
static const struct kind kinds[] = {
    {"ED25519", NULL, "EdDSA", NULL, NULL},
    {"EC", "prime256v1", "ES256", "SHA256", NULL},
    {"SM2", NULL, "SM2-SM3", "SM3", SIGN_SM2_ID},
};

static bool
key_is(const EVP_PKEY *key, const struct kind *kind)
{
	char group[32] = "";
	size_t len;

	if (!EVP_PKEY_is_a(key, kind->type))
		return false;
	return kind->group == NULL ||
	       (EVP_PKEY_get_group_name(key, group, sizeof(group), &len) &&
		   strcmp(group, kind->group) == 0);
}

/* NULL: a key of another kind. */
static const struct kind *
key_kind(const EVP_PKEY *key)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (key_is(key, &kinds[i]))
			return &kinds[i];
	return NULL;
}

/* What the kind wants to know beside the key. */
static void
kind_params(const struct kind *kind, OSSL_PARAM params[2])
{
	params[0] = OSSL_PARAM_construct_end();
	params[1] = OSSL_PARAM_construct_end();
	if (kind->id != NULL)
		params[0] =
		    OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_DIST_ID,
			(void *)(uintptr_t)kind->id, strlen(kind->id));
}

/* Takes the key. */
static struct signer *
signer_around(EVP_PKEY *key)
{
	struct signer *signer = mem_new(sizeof(*signer));

	signer->key = key;
	return signer;
}

/* A key that cannot be made means a broken library: as out of memory. */
static struct signer *
signer_must(EVP_PKEY *key)
{
	if (key == NULL) {
		fputs("the cryptographic library made no key\n", stderr);
		abort();
	}
	return signer_around(key);
}

struct signer *
signer_new(void)
{
	return signer_must(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
}

struct signer *
signer_new_p256(void)
{
	return signer_must(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"));
}

struct signer *
signer_new_sm2(void)
{
	return signer_must(EVP_PKEY_Q_keygen(NULL, NULL, "SM2"));
}

/* Keys are files without a passphrase: never ask at the terminal. */
static int
no_passphrase(char *buf, int size, int writing, void *context)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

struct signer *
signer_open(const char *path, struct why *why)
{
	struct stat info;
	EVP_PKEY *key;
	FILE *file;

	file = fopen(path, "re");
	if (file == NULL) {
		why_set(why, errno == ENOENT ? ERR_MISSING : ERR_IO,
		    "cannot open key %s: %s", path, strerror(errno));
		return NULL;
	}
	if (fstat(fileno(file), &info) != 0 || (info.st_mode & 077) != 0) {
		why_set(why, ERR_DENIED,
		    "key %s may be read by others: chmod 600 it", path);
		fclose(file);
		return NULL;
	}
	key = PEM_read_PrivateKey(file, NULL, no_passphrase, NULL);
	fclose(file);
	if (key == NULL || key_kind(key) == NULL) {
		why_set(why, ERR_CRYPTO,
		    "%s holds no Ed25519, P-256 or SM2 key in PEM", path);
		EVP_PKEY_free(key);
		return NULL;
	}
	return signer_around(key);
}

/* A key that is half written is no key: take it away. */
static enum err
signer_write(const struct signer *signer, int fd)
{
	FILE *file = fdopen(fd, "w");
	bool fine;

	if (file == NULL) {
		close(fd);
		return ERR_IO;
	}
	fine = PEM_write_PKCS8PrivateKey(
		   file, signer->key, NULL, NULL, 0, NULL, NULL) == 1;
	fine = fflush(file) == 0 && fsync(fd) == 0 && fine;
	fine = fclose(file) == 0 && fine;
	return fine ? ERR_OK : ERR_IO;
}

enum err
signer_save(const struct signer *signer, const char *path, struct why *why)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return why_set(why, errno == EEXIST ? ERR_CONFLICT : ERR_IO,
		    "cannot create key %s: %s", path, strerror(errno));
	if (signer_write(signer, fd) != ERR_OK) {
		unlink(path);
		return why_set(why, ERR_IO, "cannot write key %s", path);
	}
	return ERR_OK;
}

void
signer_free(struct signer *signer)
{
	if (signer == NULL)
		return;
	EVP_PKEY_free(signer->key);
	mem_free(signer);
}

enum err
signer_sign(struct signer *signer, struct span bytes, struct buf *signature)
{
	const struct kind *kind = key_kind(signer->key);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t *out = (uint8_t *)buf_room(signature, SIGNATURE_MAX);
	size_t len = SIGNATURE_MAX;
	OSSL_PARAM params[2];
	bool fine;

	kind_params(kind, params);
	fine = context != NULL &&
	       EVP_DigestSignInit_ex(context, NULL, kind->digest, NULL, NULL,
		   signer->key, params) == 1 &&
	       EVP_DigestSign(context, out, &len, (const uint8_t *)bytes.ptr,
		   bytes.len) == 1;
	EVP_MD_CTX_free(context);
	if (!fine)
		return ERR_CRYPTO;
	signature->len += len;
	return ERR_OK;
}

const char *
signer_algorithm(const struct signer *signer)
{
	return key_kind(signer->key)->algorithm;
}

static enum err
key_public(const EVP_PKEY *key, uint8_t out[32])
{
	size_t len = 32;

	if (!EVP_PKEY_is_a(key, "ED25519"))
		return ERR_INVALID;
	if (EVP_PKEY_get_raw_public_key(key, out, &len) != 1 || len != 32)
		return ERR_CRYPTO;
	return ERR_OK;
}

enum err
signer_public(const struct signer *signer, uint8_t out[32])
{
	return key_public(signer->key, out);
}

struct evp_pkey_st *
signer_key(const struct signer *signer)
{
	return signer->key;
}

struct verifier *
verifier_of_key(struct evp_pkey_st *key)
{
	struct verifier *verifier;

	if (key_kind(key) == NULL || EVP_PKEY_up_ref(key) != 1)
		return NULL;
	verifier = mem_new(sizeof(*verifier));
	verifier->key = key;
	return verifier;
}

struct verifier *
verifier_new(const uint8_t raw[32])
{
	struct verifier *verifier = mem_new(sizeof(*verifier));

	verifier->key =
	    EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, raw, 32);
	if (verifier->key == NULL) {
		fputs("the cryptographic library took no key\n", stderr);
		abort();
	}
	return verifier;
}

void
verifier_free(struct verifier *verifier)
{
	if (verifier == NULL)
		return;
	EVP_PKEY_free(verifier->key);
	mem_free(verifier);
}

const char *
verifier_algorithm(const struct verifier *verifier)
{
	return key_kind(verifier->key)->algorithm;
}

enum err
verifier_public(const struct verifier *verifier, uint8_t out[32])
{
	return key_public(verifier->key, out);
}

bool
verifier_check(
    const struct verifier *verifier, struct span bytes, struct span signature)
{
	const struct kind *kind = key_kind(verifier->key);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	OSSL_PARAM params[2];
	bool good;

	kind_params(kind, params);
	good = context != NULL &&
	       EVP_DigestVerifyInit_ex(context, NULL, kind->digest, NULL, NULL,
		   verifier->key, params) == 1 &&
	       EVP_DigestVerify(context, (const uint8_t *)signature.ptr,
		   signature.len, (const uint8_t *)bytes.ptr, bytes.len) == 1;
	EVP_MD_CTX_free(context);
	return good;
}

void
sign_key_id(const uint8_t raw[32], uint8_t id[SIGN_KEY_ID_LEN])
{
	struct digest digest = digest_of(span_make(raw, 32));

	memcpy(id, digest.bytes, SIGN_KEY_ID_LEN);
}
