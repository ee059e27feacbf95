/*
 * nonces: what was seen within the last minutes, so that it counts once.
 *
 * Two generations: the younger is filled, and becomes the older one when it
 * has lasted as long as anything must be remembered.
 */
#include "node/nonces.h"

#include <string.h>

#include "base/mem.h"

#define FIRST_SIZE 1024
#define COUNT_MAX ((size_t)1 << 20)

struct generation {
	struct digest *slots; /* all zeros: empty */
	size_t size, count;   /* a power of two, never more than half full */
};

struct nonces {
	int64_t age_us, since_us;
	struct generation young, old;
};

struct nonces *
nonces_new(int64_t age_us)
{
	struct nonces *nonces = mem_new(sizeof(*nonces));

	nonces->age_us = age_us;
	return nonces;
}

static void
generation_release(struct generation *generation)
{
	mem_free(generation->slots);
	*generation = (struct generation){0};
}

void
nonces_free(struct nonces *nonces)
{
	if (nonces == NULL)
		return;
	generation_release(&nonces->young);
	generation_release(&nonces->old);
	mem_free(nonces);
}

/* Its slot, or the empty one where it belongs. */
static struct digest *
slot_of(const struct generation *generation, const struct digest *nonce)
{
	static const struct digest none;
	size_t at;

	memcpy(&at, nonce->bytes, sizeof(at));
	for (;; at++) {
		struct digest *slot =
		    &generation->slots[at & (generation->size - 1)];

		if (digest_equal(slot, nonce) || digest_equal(slot, &none))
			return slot;
	}
}

static bool
generation_has(const struct generation *generation, const struct digest *nonce)
{
	return generation->size > 0 &&
	       digest_equal(slot_of(generation, nonce), nonce);
}

static void
generation_grow(struct generation *generation)
{
	struct generation larger = {.size = FIRST_SIZE};
	static const struct digest none;
	size_t i;

	if (generation->size > 0)
		larger.size = generation->size * 2;
	larger.slots = mem_new(larger.size * sizeof(*larger.slots));
	larger.count = generation->count;
	for (i = 0; i < generation->size; i++)
		if (!digest_equal(&generation->slots[i], &none))
			*slot_of(&larger, &generation->slots[i]) =
			    generation->slots[i];
	mem_free(generation->slots);
	*generation = larger;
}

static void
turn(struct nonces *nonces, int64_t tick_us)
{
	if (tick_us - nonces->since_us < nonces->age_us)
		return;
	generation_release(&nonces->old);
	if (tick_us - nonces->since_us < 2 * nonces->age_us)
		nonces->old = nonces->young;
	else
		generation_release(&nonces->young);
	nonces->young = (struct generation){0};
	nonces->since_us = tick_us;
}

enum err
nonces_add(struct nonces *nonces, const struct digest *nonce, int64_t tick_us)
{
	turn(nonces, tick_us);
	if (generation_has(&nonces->young, nonce) ||
	    generation_has(&nonces->old, nonce))
		return ERR_SEEN;
	if (nonces->young.count == COUNT_MAX)
		return ERR_BUSY;
	if (2 * nonces->young.count >= nonces->young.size)
		generation_grow(&nonces->young);
	*slot_of(&nonces->young, nonce) = *nonce;
	nonces->young.count++;
	return ERR_OK;
}
