/*
 * A page of a snapshot's index, as any parent may send it.  What is taken is
 * packed again and must be taken again.
 */
#include <stdlib.h>

#include "wire/image_inner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
pack_again(const struct image_page *page, struct arena *arena)
{
	struct buf packed = {0}, entry = {0};
	struct image_page again;

	pack_image_page(page, &packed);
	for (size_t i = 0; i < page->entry_count; i++) {
		buf_reset(&entry);
		pack_image_entry(&page->entries[i], &entry);
		pack_image_framed(buf_span(&entry), &packed);
	}
	if (image_unpack_page(buf_span(&packed), arena, &again) != ERR_OK ||
	    again.entry_count != page->entry_count)
		abort();
	buf_release(&packed);
	buf_release(&entry);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct image_page page;

	if (image_unpack_page(span_make(data, size), arena, &page) == ERR_OK)
		pack_again(&page, arena);
	arena_free(arena);
	return 0;
}
