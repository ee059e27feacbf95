/*
 * index: the index of an image, as it comes page by page.
 */
#include "node/index.h"

#include <string.h>

void
index_init(struct index *index, const char *stream)
{
	*index = (struct index){.arena = arena_new()};
	memcpy(index->head.stream, stream, sizeof(index->head.stream));
}

void
index_release(struct index *index)
{
	buf_release(&index->sealed);
	mem_free(index->entries);
	arena_free(index->arena);
	*index = (struct index){0};
}

uint32_t
index_next_page(const struct index *index)
{
	return index->count / IMAGE_PAGE;
}

bool
index_is_whole(const struct index *index)
{
	return index->head.position > 0 && index->count == index->head.chunks;
}

/* The first page says which image it is, under the hub's signature. */
static enum err
index_begin(struct index *index, struct opener *opener,
    const struct image_page *page, struct why *why)
{
	enum err err =
	    opener_check_head(opener, page->sealed, &index->header, why);

	if (err != ERR_OK)
		return err;
	if (strcmp(index->header.stream, index->head.stream) != 0 ||
	    strcmp(page->head.stream, index->head.stream) != 0 ||
	    index->header.last != page->head.position)
		return why_set(why, ERR_INVALID, "an image of something else");
	if (page->head.chunks == 0 || page->head.chunks > IMAGE_CHUNKS_MAX)
		return why_set(why, ERR_INVALID, "an image of %u chunks",
		    page->head.chunks);
	index->head = page->head;
	buf_add(&index->sealed, page->sealed.ptr, page->sealed.len);
	return ERR_OK;
}

static bool
index_continues(const struct index *index, const struct image_page *page)
{
	const struct image_head *ours = &index->head, *theirs = &page->head;

	return strcmp(theirs->stream, ours->stream) == 0 &&
	       theirs->position == ours->position &&
	       theirs->chunks == ours->chunks &&
	       theirs->records == ours->records;
}

static enum err
index_add_entries(
    struct index *index, const struct image_page *page, struct why *why)
{
	uint32_t left = index->head.chunks - index->count;
	uint32_t due = left < IMAGE_PAGE ? left : IMAGE_PAGE;
	size_t i;

	if (page->entry_count != due)
		return why_set(why, ERR_INVALID,
		    "a page of %zu entries, not %u", page->entry_count, due);
	index->entries = mem_grow(index->entries,
	    ((size_t)index->count + due) * sizeof(*index->entries));
	for (i = 0; i < due; i++) {
		struct image_entry *entry = &index->entries[index->count];

		*entry = page->entries[i];
		if (index->count > 0 &&
		    !image_key_is_before(entry[-1].first_key, entry->first_key))
			return why_set(
			    why, ERR_INVALID, "chunks are not in order");
		entry->first_key.ptr = arena_text(
		    index->arena, entry->first_key.ptr, entry->first_key.len);
		setsum_join(&index->sum, &entry->sum);
		index->records += entry->records;
		index->count++;
	}
	return ERR_OK;
}

/* So that the same chunks of another cut are not taken for these. */
static void
index_add_digest(struct index *index, struct span bytes)
{
	struct span parts[] = {
	    span_make(index->digest.bytes, DIGEST_LEN), bytes};

	index->digest = digest_of_parts(parts, 2);
}

static enum err
index_check_whole(const struct index *index, struct why *why)
{
	struct digest state = setsum_digest(&index->sum);

	if (!index_is_whole(index))
		return ERR_OK;
	if (index->records != index->head.records)
		return why_set(why, ERR_INVALID, "its records do not count up");
	if (!digest_equal(&state, &index->header.state))
		return why_set(why, ERR_CONFLICT,
		    "its sums do not add up to the signed state");
	return ERR_OK;
}

enum err
index_add_page(struct index *index, struct opener *opener, struct span bytes,
    struct why *why)
{
	struct arena *arena = arena_new();
	struct image_page page;
	enum err err = image_unpack_page(bytes, arena, &page);

	if (err != ERR_OK)
		why_set(why, err, "a page that cannot be read");
	else if (page.page != index_next_page(index))
		err = ERR_SEEN;
	else if (index->head.position == 0)
		err = index_begin(index, opener, &page, why);
	else if (!index_continues(index, &page))
		err = why_set(why, ERR_INVALID, "a page of another image");
	if (err == ERR_OK)
		err = index_add_entries(index, &page, why);
	if (err == ERR_OK) {
		index_add_digest(index, bytes);
		err = index_check_whole(index, why);
	}
	arena_free(arena);
	return err;
}

struct image_bounds
index_bounds(const struct index *index, uint32_t number)
{
	struct image_bounds bounds = {.first = number == 0};

	if (number + 1 < index->count)
		bounds.next_key = index->entries[number + 1].first_key;
	return bounds;
}
