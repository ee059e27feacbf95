/*
 * fuzz_tile_path: an accepted path is the one that would be printed.
 */
#include <stdint.h>
#include <stdlib.h>

#include "credit/merkle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span path = span_make(data, size);
	char out[MERKLE_PATH_MAX];
	unsigned width;
	uint64_t index;
	int level;

	if (!merkle_parse_tile_path(path, &level, &index, &width))
		return 0;
	merkle_tile_path(level, index, width, out);
	if (!span_is(path, out + sizeof("tile/") - 1))
		abort();
	return 0;
}
