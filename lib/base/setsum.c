/*
 * setsum: the digest of a set that changes one element at a time.
 */
#include "base/setsum.h"

#include <endian.h>
#include <string.h>

#include "base/shake.h"

#define LIMBS (SETSUM_LEN / 8)

_Static_assert(LIMBS == SHAKE_WORDS, "an element is as long as a sum");

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

void
setsum_join(struct setsum *sum, const struct setsum *other)
{
	limbs_add(sum->limbs, other->limbs);
}

void
setsum_add_all(struct setsum *sum, const struct digest *elements, size_t count)
{
	struct digest group[SHAKE_AT_ONCE] = {{{0}}};
	uint64_t stretched[SHAKE_AT_ONCE][SHAKE_WORDS];
	size_t i, size;

	for (; count > 0; count -= size, elements += size) {
		size = count < SHAKE_AT_ONCE ? count : SHAKE_AT_ONCE;
		memcpy(group, elements, size * sizeof(*group));
		shake_stretch(group, stretched);
		for (i = 0; i < size; i++)
			limbs_add(sum->limbs, stretched[i]);
	}
}

void
setsum_remove_all(
    struct setsum *sum, const struct digest *elements, size_t count)
{
	struct setsum removed = {{0}};

	setsum_add_all(&removed, elements, count);
	limbs_subtract(sum->limbs, removed.limbs);
}

void
setsum_add(struct setsum *sum, const struct digest *element)
{
	setsum_add_all(sum, element, 1);
}

void
setsum_remove(struct setsum *sum, const struct digest *element)
{
	setsum_remove_all(sum, element, 1);
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
