/*
 * sign: Ed25519 and ECDSA P-256 keys through OpenSSL's EVP.
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

#define SIGNATURE_MAX 128 /* DER of P-256 takes at most 72 */

struct signer {
	EVP_PKEY *key;
};

struct verifier {
	EVP_PKEY *key;
};

static bool
key_is_p256(const EVP_PKEY *key)
{
	char group[32] = "";
	size_t len;

	return EVP_PKEY_is_a(key, "EC") &&
	       EVP_PKEY_get_group_name(key, group, sizeof(group), &len) &&
	       strcmp(group, "prime256v1") == 0;
}

static bool
key_is_ours(const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "ED25519") || key_is_p256(key);
}

static const char *
key_algorithm(const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "ED25519") ? "EdDSA" : "ES256";
}

/* ES256 hashes first; Ed25519 takes the message itself. */
static const char *
key_digest(const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "ED25519") ? NULL : "SHA256";
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
	if (key == NULL || !key_is_ours(key)) {
		why_set(why, ERR_CRYPTO,
		    "%s holds no Ed25519 or P-256 key in PEM", path);
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
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t *out = (uint8_t *)buf_room(signature, SIGNATURE_MAX);
	size_t len = SIGNATURE_MAX;
	bool fine;

	fine = context != NULL &&
	       EVP_DigestSignInit_ex(context, NULL, key_digest(signer->key),
		   NULL, NULL, signer->key, NULL) == 1 &&
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
	return key_algorithm(signer->key);
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

	if (!key_is_ours(key) || EVP_PKEY_up_ref(key) != 1)
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
	return key_algorithm(verifier->key);
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
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good;

	good = context != NULL &&
	       EVP_DigestVerifyInit_ex(context, NULL, key_digest(verifier->key),
		   NULL, NULL, verifier->key, NULL) == 1 &&
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
