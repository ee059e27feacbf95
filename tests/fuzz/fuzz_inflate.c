/*
 * fuzz_inflate: the first byte chooses the coding; the limits always hold.
 */
#include <stdint.h>
#include <stdlib.h>

#include "wire/inflate.h"

#define MOST (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct inflate_limits limits = {MOST, 50};
	struct buf out = {0};
	struct inflate *one;
	struct span in;
	size_t had = 1;
	enum err err = ERR_OK;

	if (size == 0)
		return 0;
	one = inflate_new((enum inflate_kind)(data[0] % 3), &limits);
	in = span_make(data + 1, size - 1);
	while (err == ERR_OK && (in.len > 0 || had > 0)) {
		size_t before = out.len;

		err = inflate_step(one, &in, &out);
		had = out.len - before;
	}
	if (out.len > MOST + INFLATE_STEP)
		abort();
	inflate_free(one);
	buf_release(&out);
	return 0;
}
