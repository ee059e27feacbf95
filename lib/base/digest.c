/*
 * digest: SHA-256 and HMAC through OpenSSL's EVP.
 *
 * Fetching an algorithm costs more than hashing a record, so it is done
 * once, and each thread keeps a context of its own.
 */
#include "base/digest.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/buf.h"
#include "base/codec.h"
#include "base/mem.h"

struct digest_stream {
	EVP_MD_CTX *context;
};

static pthread_once_t digest_once = PTHREAD_ONCE_INIT;
static pthread_key_t digest_key;
static EVP_MD *digest_md;
static EVP_MAC *digest_mac;
static _Thread_local EVP_MD_CTX *digest_context;

/* These calls fail for want of memory or of a working library only. */
static void
digest_must(int ok)
{
	if (ok)
		return;
	fputs("the cryptographic library failed\n", stderr);
	abort();
}

static void
digest_context_free(void *context)
{
	EVP_MD_CTX_free(context);
}

static void
digest_start(void)
{
	digest_md = EVP_MD_fetch(NULL, "SHA256", NULL);
	digest_mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	digest_must(digest_md != NULL && digest_mac != NULL);
	digest_must(pthread_key_create(&digest_key, digest_context_free) == 0);
}

static EVP_MD_CTX *
digest_own_context(void)
{
	if (digest_context == NULL) {
		pthread_once(&digest_once, digest_start);
		digest_context = EVP_MD_CTX_new();
		digest_must(digest_context != NULL);
		pthread_setspecific(digest_key, digest_context);
	}
	return digest_context;
}

struct digest
digest_of(struct span bytes)
{
	return digest_of_parts(&bytes, 1);
}

struct digest
digest_of_parts(const struct span *parts, size_t count)
{
	EVP_MD_CTX *context = digest_own_context();
	struct digest digest;
	size_t i;

	digest_must(EVP_DigestInit_ex2(context, digest_md, NULL));
	for (i = 0; i < count; i++)
		digest_must(
		    EVP_DigestUpdate(context, parts[i].ptr, parts[i].len));
	digest_must(EVP_DigestFinal_ex(context, digest.bytes, NULL));
	return digest;
}

bool
digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, DIGEST_LEN) == 0;
}

const char *
digest_print(const struct digest *digest, char out[DIGEST_HEX_LEN + 1])
{
	static const char letters[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < DIGEST_LEN; i++) {
		out[2 * i] = letters[digest->bytes[i] >> 4];
		out[2 * i + 1] = letters[digest->bytes[i] & 15];
	}
	out[DIGEST_HEX_LEN] = '\0';
	return out;
}

bool
digest_parse(struct span hex, struct digest *digest)
{
	struct buf bytes = {0};
	bool ok;

	ok = hex.len == DIGEST_HEX_LEN && codec_parse_hex(hex, &bytes);
	if (ok)
		memcpy(digest->bytes, bytes.data, DIGEST_LEN);
	buf_release(&bytes);
	return ok;
}

struct digest_stream *
digest_stream_new(void)
{
	struct digest_stream *stream = mem_new(sizeof(*stream));

	pthread_once(&digest_once, digest_start);
	stream->context = EVP_MD_CTX_new();
	digest_must(stream->context != NULL);
	digest_must(EVP_DigestInit_ex2(stream->context, digest_md, NULL));
	return stream;
}

void
digest_stream_add(struct digest_stream *stream, struct span bytes)
{
	digest_must(EVP_DigestUpdate(stream->context, bytes.ptr, bytes.len));
}

struct digest
digest_stream_end(struct digest_stream *stream)
{
	struct digest digest;

	digest_must(EVP_DigestFinal_ex(stream->context, digest.bytes, NULL));
	return digest;
}

void
digest_stream_free(struct digest_stream *stream)
{
	if (stream == NULL)
		return;
	EVP_MD_CTX_free(stream->context);
	mem_free(stream);
}

struct digest
digest_hmac(struct span key, struct span bytes)
{
	char name[] = "SHA256";
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
	    OSSL_PARAM_construct_end()};
	struct digest digest;
	EVP_MAC_CTX *context;
	size_t len;

	pthread_once(&digest_once, digest_start);
	context = EVP_MAC_CTX_new(digest_mac);
	digest_must(context != NULL);
	/* A NULL key would mean "the key of before". */
	digest_must(EVP_MAC_init(context,
	    (const uint8_t *)(key.ptr != NULL ? key.ptr : ""), key.len,
	    params));
	digest_must(
	    EVP_MAC_update(context, (const uint8_t *)bytes.ptr, bytes.len));
	digest_must(EVP_MAC_final(context, digest.bytes, &len, DIGEST_LEN));
	EVP_MAC_CTX_free(context);
	return digest;
}

void
digest_random(void *out, size_t len)
{
	uint8_t *at = out;
	ssize_t got;

	while (len > 0) {
		got = getrandom(at, len, 0);
		if (got < 0 && errno == EINTR)
			continue;
		digest_must(got > 0);
		at += got;
		len -= (size_t)got;
	}
}

bool
digest_same_secret(struct span a, struct span b)
{
	return a.len == b.len &&
	       (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}
