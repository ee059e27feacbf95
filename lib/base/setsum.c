/*
 * setsum: the digest of a set that changes one element at a time.
 */
#include "base/setsum.h"

#include <endian.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMBS (SETSUM_LEN / 8)
#define COUNTER_LEN 16 /* block counter and nonce: RFC 8439 §2.3 */

static pthread_once_t setsum_once = PTHREAD_ONCE_INIT;
static pthread_key_t setsum_key;
static EVP_CIPHER *setsum_cipher;
static _Thread_local EVP_CIPHER_CTX *setsum_context;

/* These calls fail for want of memory or of a working library only. */
static void
setsum_must(int ok)
{
	if (ok)
		return;
	fputs("the cryptographic library failed\n", stderr);
	abort();
}

static void
setsum_context_free(void *context)
{
	EVP_CIPHER_CTX_free(context);
}

static void
setsum_start(void)
{
	setsum_cipher = EVP_CIPHER_fetch(NULL, "ChaCha20", NULL);
	setsum_must(setsum_cipher != NULL);
	setsum_must(pthread_key_create(&setsum_key, setsum_context_free) == 0);
}

static EVP_CIPHER_CTX *
setsum_own_context(void)
{
	if (setsum_context == NULL) {
		pthread_once(&setsum_once, setsum_start);
		setsum_context = EVP_CIPHER_CTX_new();
		setsum_must(setsum_context != NULL);
		setsum_must(EVP_EncryptInit_ex2(
		    setsum_context, setsum_cipher, NULL, NULL, NULL));
		pthread_setspecific(setsum_key, setsum_context);
	}
	return setsum_context;
}

static uint64_t
limb_from(const uint8_t bytes[8])
{
	uint64_t limb;

	memcpy(&limb, bytes, sizeof(limb));
	return le64toh(limb);
}

static void
limbs_add(uint64_t limbs[LIMBS], const uint64_t other[LIMBS])
{
	uint64_t carry = 0, total;
	size_t i;

	for (i = 0; i < LIMBS; i++) {
		total = limbs[i] + carry;
		carry = total < carry;
		total += other[i];
		carry += total < other[i];
		limbs[i] = total;
	}
}

static void
limbs_subtract(uint64_t limbs[LIMBS], const uint64_t other[LIMBS])
{
	uint64_t borrow = 0, left;
	size_t i;

	for (i = 0; i < LIMBS; i++) {
		left = limbs[i] - borrow;
		borrow = left > limbs[i];
		borrow += left < other[i];
		limbs[i] = left - other[i];
	}
}

/* The key stream of the digest as a key. */
static void
setsum_stretch(const struct digest *element, uint64_t limbs[LIMBS])
{
	static const uint8_t begin[COUNTER_LEN], zeros[SETSUM_LEN];
	EVP_CIPHER_CTX *context = setsum_own_context();
	uint8_t bytes[SETSUM_LEN];
	int len;
	size_t i;

	setsum_must(
	    EVP_EncryptInit_ex2(context, NULL, element->bytes, begin, NULL));
	setsum_must(
	    EVP_EncryptUpdate(context, bytes, &len, zeros, sizeof(zeros)));
	for (i = 0; i < LIMBS; i++)
		limbs[i] = limb_from(bytes + 8 * i);
}

void
setsum_join(struct setsum *sum, const struct setsum *other)
{
	limbs_add(sum->limbs, other->limbs);
}

void
setsum_part(struct setsum *sum, const struct setsum *other)
{
	limbs_subtract(sum->limbs, other->limbs);
}

void
setsum_add(struct setsum *sum, const struct digest *element)
{
	uint64_t stretched[LIMBS];

	setsum_stretch(element, stretched);
	limbs_add(sum->limbs, stretched);
}

void
setsum_remove(struct setsum *sum, const struct digest *element)
{
	uint64_t stretched[LIMBS];

	setsum_stretch(element, stretched);
	limbs_subtract(sum->limbs, stretched);
}

void
setsum_add_all(struct setsum *sum, const struct digest *elements, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		setsum_add(sum, &elements[i]);
}

void
setsum_remove_all(
    struct setsum *sum, const struct digest *elements, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		setsum_remove(sum, &elements[i]);
}

struct digest
setsum_digest(const struct setsum *sum)
{
	uint8_t bytes[SETSUM_LEN];

	setsum_print(sum, bytes);
	return digest_of(span_make(bytes, sizeof(bytes)));
}

void
setsum_print(const struct setsum *sum, uint8_t out[SETSUM_LEN])
{
	size_t i;

	for (i = 0; i < SETSUM_LEN; i++)
		out[i] = (uint8_t)(sum->limbs[i / 8] >> (8 * (i % 8)));
}

bool
setsum_parse(struct span bytes, struct setsum *sum)
{
	size_t i;

	if (bytes.len != SETSUM_LEN)
		return false;
	for (i = 0; i < LIMBS; i++)
		sum->limbs[i] = limb_from((const uint8_t *)bytes.ptr + 8 * i);
	return true;
}
