/*
 * A chunk of a snapshot, as any parent may send it: two bytes say how many
 * records the index promises, the rest is the message.  The sum is nobody's,
 * so that all of the records are looked at and none is taken.
 */
#include <stdlib.h>

#include "wire/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_entry entry = {.first_key = {"1", 1}};
	struct image_bounds bounds = {.next_key = {"~", 1}};
	struct arena *arena = arena_new();
	struct image_chunk chunk;
	struct record *records;

	if (size >= 2 && image_unpack_chunk(span_make(data + 2, size - 2),
			     arena, &chunk) == ERR_OK) {
		entry.records = (uint32_t)(data[0] << 8 | data[1]);
		entry.size = (uint32_t)chunk.body.len;
		if (image_open_chunk(
			chunk.body, &entry, &bounds, arena, &records) == ERR_OK)
			abort();
	}
	arena_free(arena);
	return 0;
}
