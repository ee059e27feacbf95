/*
 * noise: random numbers that are the same whenever the same is asked.
 */
#include "credit/noise.h"

#include <assert.h>

void
noise_init(struct noise *noise, struct span key, struct span context)
{
	*noise = (struct noise){
	    .key = digest_hmac(key, context), .used = DIGEST_LEN};
}

static void
next_block(struct noise *noise)
{
	uint8_t number[8];
	int i;

	for (i = 0; i < 8; i++)
		number[i] = (uint8_t)(noise->next >> 8 * i);
	noise->block = digest_hmac(span_make(noise->key.bytes, DIGEST_LEN),
	    span_make(number, sizeof(number)));
	noise->next++;
	noise->used = 0;
}

static uint64_t
next_word(struct noise *noise)
{
	uint64_t word = 0;
	size_t i;

	if (noise->used == DIGEST_LEN)
		next_block(noise);
	for (i = 0; i < 8; i++)
		word = word << 8 | noise->block.bytes[noise->used++];
	return word;
}

uint64_t
noise_below(struct noise *noise, uint64_t bound)
{
	/* What lies above the last whole multiple would favour the small. */
	uint64_t unfair = UINT64_MAX % bound, word;

	assert(bound > 0);
	do {
		word = next_word(noise);
	} while (word > UINT64_MAX - unfair - 1);
	return word % bound;
}

/* exp(-numerator / denominator) for a quotient of at most 1. */
static bool
small_chance(struct noise *noise, uint64_t numerator, uint64_t denominator)
{
	uint64_t k = 1;

	while (noise_below(noise, denominator * k) < numerator)
		k++;
	return k % 2 == 1;
}

bool
noise_chance(struct noise *noise, uint64_t numerator, uint64_t denominator)
{
	uint64_t whole = numerator / denominator;

	while (whole-- > 0) {
		if (!small_chance(noise, 1, 1))
			return false;
	}
	return small_chance(noise, numerator % denominator, denominator);
}

int64_t
noise_laplace(struct noise *noise, uint64_t sensitivity, uint32_t epsilon_milli)
{
	uint64_t scale, low, high;
	bool negative;

	assert(sensitivity > 0 && sensitivity <= NOISE_SENSITIVITY_MAX);
	scale = sensitivity * 1000;
	for (;;) {
		low = noise_below(noise, scale);
		if (!small_chance(noise, low, scale))
			continue;
		for (high = 0; small_chance(noise, 1, 1);)
			high++;
		low = (low + scale * high) / epsilon_milli;
		negative = noise_below(noise, 2) == 1;
		/* Zero must not be drawn twice as often. */
		if (!negative || low > 0)
			return negative ? -(int64_t)low : (int64_t)low;
	}
}
