/*
 * shake: SHAKE128 (FIPS 202) of eight digests at once.
 */
#include "base/shake.h"

#define LANES 25
#define ROUNDS 24
#define RATE 21 /* lanes that are read of each permutation */

/* The same lane of eight states.  Compilers make of it what the processor has:
 * one register, or several. */
typedef uint64_t row __attribute__((vector_size(8 * SHAKE_AT_ONCE)));

static const uint64_t iota[ROUNDS] = {0x0000000000000001, 0x0000000000008082,
    0x800000000000808a, 0x8000000080008000, 0x000000000000808b,
    0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009,
    0x000000008000000a, 0x000000008000808b, 0x800000000000008b,
    0x8000000000008089, 0x8000000000008003, 0x8000000000008002,
    0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001,
    0x8000000080008008};

/* rho and pi along the one cycle that they are: which lane is next, and how far
 * it turns. */
static const unsigned pi[LANES - 1] = {10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24,
    4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1};
static const unsigned rho[LANES - 1] = {1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2,
    14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44};

/* Every lane in a register of its own. */
#define UNROLLED _Pragma("GCC unroll 25")
#define INLINED static inline __attribute__((always_inline))
#define TURNED(x, by) ((x) << (by) | (x) >> (64 - (by)))

INLINED void
theta(row state[LANES])
{
	row parity[5], change;
	unsigned x, i;

	UNROLLED
	for (x = 0; x < 5; x++)
		parity[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^
			    state[x + 15] ^ state[x + 20];
	UNROLLED
	for (x = 0; x < 5; x++) {
		change = parity[(x + 4) % 5] ^ TURNED(parity[(x + 1) % 5], 1);
		UNROLLED
		for (i = x; i < LANES; i += 5)
			state[i] ^= change;
	}
}

INLINED void
rho_and_pi(row state[LANES])
{
	row moving = state[1], next;
	unsigned i;

	UNROLLED
	for (i = 0; i < LANES - 1; i++) {
		next = state[pi[i]];
		state[pi[i]] = TURNED(moving, rho[i]);
		moving = next;
	}
}

INLINED void
chi(row state[LANES])
{
	row first, second;
	unsigned y;

	UNROLLED
	for (y = 0; y < LANES; y += 5) {
		first = state[y];
		second = state[y + 1];
		state[y] ^= ~state[y + 1] & state[y + 2];
		state[y + 1] ^= ~state[y + 2] & state[y + 3];
		state[y + 2] ^= ~state[y + 3] & state[y + 4];
		state[y + 3] ^= ~state[y + 4] & first;
		state[y + 4] ^= ~first & second;
	}
}

INLINED void
permute(row state[LANES])
{
	row own[LANES];
	unsigned i;

	UNROLLED
	for (i = 0; i < LANES; i++)
		own[i] = state[i];
	for (i = 0; i < ROUNDS; i++) {
		theta(own);
		rho_and_pi(own);
		chi(own);
		own[0] ^= iota[i];
	}
	UNROLLED
	for (i = 0; i < LANES; i++)
		state[i] = own[i];
}

static void
permute_anywhere(row state[LANES])
{
	permute(state);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void
permute_avx2(row state[LANES])
{
	permute(state);
}

__attribute__((target("avx512f"))) static void
permute_avx512(row state[LANES])
{
	permute(state);
}
#endif

static void
permute_here(row state[LANES])
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx512f"))
		permute_avx512(state);
	else if (__builtin_cpu_supports("avx2"))
		permute_avx2(state);
	else
#endif
		permute_anywhere(state);
}

static uint64_t
word_from(const uint8_t bytes[8])
{
	uint64_t word = 0;
	int i;

	for (i = 7; i >= 0; i--)
		word = word << 8 | bytes[i];
	return word;
}

/* A digest, what ends SHAKE's input, the last bit of the rate. */
static void
absorb(row state[LANES], const struct digest in[SHAKE_AT_ONCE])
{
	unsigned i, k;

	for (i = 0; i < SHAKE_AT_ONCE; i++) {
		for (k = 0; k < DIGEST_LEN / 8; k++)
			state[k][i] = word_from(in[i].bytes + 8 * k);
		state[DIGEST_LEN / 8][i] = 0x1f;
		state[RATE - 1][i] = UINT64_C(1) << 63;
	}
}

void
shake_stretch(const struct digest in[SHAKE_AT_ONCE],
    uint64_t out[SHAKE_AT_ONCE][SHAKE_WORDS])
{
	row state[LANES] = {{0}};
	unsigned word, i;

	absorb(state, in);
	for (word = 0; word < SHAKE_WORDS; word++) {
		if (word % RATE == 0)
			permute_here(state);
		for (i = 0; i < SHAKE_AT_ONCE; i++)
			out[i][word] = state[word % RATE][i];
	}
}
