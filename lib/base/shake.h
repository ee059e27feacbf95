/*
 * shake: SHAKE128 (FIPS 202) of eight digests at once.
 *
 * Eight states lie side by side in the processor's widest registers, which
 * takes about as long as one of them alone.  Pure; any thread.
 */
#ifndef BASE_SHAKE_H
#define BASE_SHAKE_H

#include <stdint.h>

#include "base/digest.h"

#define SHAKE_AT_ONCE 8
#define SHAKE_WORDS 64 /* 4096 bits */

/* The first 4096 bits that each of `in` becomes, as little-endian words. */
void shake_stretch(const struct digest in[SHAKE_AT_ONCE],
    uint64_t out[SHAKE_AT_ONCE][SHAKE_WORDS]);

#endif
