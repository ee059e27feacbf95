/*
 * noise: random numbers that are the same whenever the same is asked.
 *
 * A stream of bits from HMAC-SHA-256 of a secret key and a context, and exact
 * sampling from it: discrete Laplace noise by Canonne, Kamath and Steinke,
 * "The Discrete Gaussian for Differential Privacy" (2020), algorithms 1 and
 * 2.  Whole numbers only: no floating point whose gaps would tell the value
 * behind the noise (Mironov 2012).  Pure; one thread each.
 */
#ifndef CREDIT_NOISE_H
#define CREDIT_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/span.h"

#define NOISE_SENSITIVITY_MAX UINT64_C(1000000000000)

struct noise {
	struct digest key; /* of this context */
	struct digest block;
	uint64_t next; /* block's number */
	size_t used;   /* bytes of the block */
};

/* Where there is no other secret, who knows key and context knows all. */
void noise_init(struct noise *noise, struct span key, struct span context);
/* 0 … bound - 1, each as likely; bound is 1 or more. */
uint64_t noise_below(struct noise *noise, uint64_t bound);
/* True with probability exp(-numerator / denominator). */
bool noise_chance(
    struct noise *noise, uint64_t numerator, uint64_t denominator);
/* Two-sided geometric noise: P(x) ~ exp(-|x| epsilon / sensitivity).
 * `sensitivity` is 1 to NOISE_SENSITIVITY_MAX, epsilon 1 or more. */
int64_t noise_laplace(
    struct noise *noise, uint64_t sensitivity, uint32_t epsilon_milli);

#endif
