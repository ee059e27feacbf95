/*
 * setsum: the digest of a set that changes one element at a time.
 *
 * Each element's digest is stretched to 4096 bits by ChaCha20 (RFC 8439) and
 * added modulo 2^4096 (AdHash: Bellare and Micciancio 1997); order does not
 * matter and an element is taken out by subtracting.  At 4096 bits Wagner's
 * generalised birthday attack costs about 2^128, where a XOF'd XOR or a
 * 256-bit sum falls to a desktop.
 * Pure; one thread per setsum.
 */
#ifndef BASE_SETSUM_H
#define BASE_SETSUM_H

#include "base/digest.h"

#define SETSUM_LEN 512

struct setsum {
	uint64_t limbs[SETSUM_LEN / 8]; /* least significant first */
};

/* {0} is the empty set. */
void setsum_add(struct setsum *sum, const struct digest *element);
void setsum_remove(struct setsum *sum, const struct digest *element);
/* The same of many. */
void setsum_add_all(
    struct setsum *sum, const struct digest *elements, size_t count);
void setsum_remove_all(
    struct setsum *sum, const struct digest *elements, size_t count);
/* The sum of the union of two sets that have nothing in common. */
void setsum_join(struct setsum *sum, const struct setsum *other);
/* The other way: what is left without a part of the set. */
void setsum_part(struct setsum *sum, const struct setsum *other);
/* What is compared and signed: SHA-256 of the little-endian limbs. */
struct digest setsum_digest(const struct setsum *sum);
/* Storage form: SETSUM_LEN little-endian bytes. */
void setsum_print(const struct setsum *sum, uint8_t out[SETSUM_LEN]);
bool setsum_parse(struct span bytes, struct setsum *sum);

#endif
