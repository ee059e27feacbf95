/*
 * setsum: the digest of a set that changes one element at a time.
 */
#include "base/setsum.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMBS (SETSUM_LEN / 8)

static pthread_once_t setsum_once = PTHREAD_ONCE_INIT;
static pthread_key_t setsum_key;
static EVP_MD *setsum_md;
static _Thread_local EVP_MD_CTX *setsum_context;

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
	EVP_MD_CTX_free(context);
}

static void
setsum_start(void)
{
	setsum_md = EVP_MD_fetch(NULL, "SHAKE128", NULL);
	setsum_must(setsum_md != NULL);
	setsum_must(pthread_key_create(&setsum_key, setsum_context_free) == 0);
}

static EVP_MD_CTX *
setsum_own_context(void)
{
	if (setsum_context == NULL) {
		pthread_once(&setsum_once, setsum_start);
		setsum_context = EVP_MD_CTX_new();
		setsum_must(setsum_context != NULL);
		pthread_setspecific(setsum_key, setsum_context);
	}
	return setsum_context;
}

static uint64_t
limb_from(const uint8_t bytes[8])
{
	uint64_t limb = 0;
	int i;

	for (i = 7; i >= 0; i--)
		limb = limb << 8 | bytes[i];
	return limb;
}

static void
setsum_stretch(const struct digest *element, uint64_t limbs[LIMBS])
{
	EVP_MD_CTX *context = setsum_own_context();
	uint8_t bytes[SETSUM_LEN];
	size_t i;

	setsum_must(EVP_DigestInit_ex2(context, setsum_md, NULL));
	setsum_must(EVP_DigestUpdate(context, element->bytes, DIGEST_LEN));
	setsum_must(EVP_DigestFinalXOF(context, bytes, sizeof(bytes)));
	for (i = 0; i < LIMBS; i++)
		limbs[i] = limb_from(bytes + 8 * i);
}

void
setsum_join(struct setsum *sum, const struct setsum *other)
{
	uint64_t carry = 0, total;
	size_t i;

	for (i = 0; i < LIMBS; i++) {
		total = sum->limbs[i] + carry;
		carry = total < carry;
		total += other->limbs[i];
		carry += total < other->limbs[i];
		sum->limbs[i] = total;
	}
}

void
setsum_add(struct setsum *sum, const struct digest *element)
{
	struct setsum stretched = {{0}};

	setsum_stretch(element, stretched.limbs);
	setsum_join(sum, &stretched);
}

void
setsum_remove(struct setsum *sum, const struct digest *element)
{
	uint64_t limbs[LIMBS], borrow = 0, left;
	size_t i;

	setsum_stretch(element, limbs);
	for (i = 0; i < LIMBS; i++) {
		left = sum->limbs[i] - borrow;
		borrow = left > sum->limbs[i];
		borrow += left < limbs[i];
		sum->limbs[i] = left - limbs[i];
	}
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
