/*
 * pack_image: the index and the chunks of an image (proto/bus.proto).
 */
#include "bus.pb-c.h"
#include "wire/image_inner.h"
#include "wire/pack_part.h"

/* SnapshotIndex.entries. */
#define ENTRIES_FIELD 7

void
pack_image_page(const struct image_page *page, struct buf *out)
{
	Rongxin__SnapshotIndex packed = RONGXIN__SNAPSHOT_INDEX__INIT;
	char stream[STREAM_LEN + 1];

	memcpy(stream, page->head.stream, sizeof(stream));
	packed.stream = stream;
	packed.position = page->head.position;
	packed.sealed = part_bytes(page->sealed);
	packed.chunks = page->head.chunks;
	packed.records = page->head.records;
	packed.page = page->page;
	pack_message(&packed.base, out);
}

void
pack_image_framed(struct span packed_entry, struct buf *out)
{
	frame_add(ENTRIES_FIELD, packed_entry, out);
}

void
pack_image_entry(const struct image_entry *entry, struct buf *out)
{
	Rongxin__ChunkEntry packed = RONGXIN__CHUNK_ENTRY__INIT;
	uint8_t sum[SETSUM_LEN];

	setsum_print(&entry->sum, sum);
	packed.first_key = part_bytes(entry->first_key);
	packed.sum = part_bytes(span_make(sum, sizeof(sum)));
	packed.records = entry->records;
	packed.size = entry->size;
	pack_message(&packed.base, out);
}

static enum err
entry_fill(const Rongxin__ChunkEntry *packed, struct image_entry *entry)
{
	if (packed->first_key.len == 0 ||
	    packed->first_key.len > IMAGE_KEY_MAX || packed->records == 0 ||
	    packed->records > IMAGE_CHUNK_RECORDS || packed->size == 0 ||
	    packed->size > IMAGE_BODY_MAX ||
	    !setsum_parse(part_span(packed->sum), &entry->sum))
		return ERR_INVALID;
	entry->first_key = part_span(packed->first_key);
	entry->records = packed->records;
	entry->size = packed->size;
	return ERR_OK;
}

enum err
unpack_image_entry(
    struct span bytes, struct arena *arena, struct image_entry *entry)
{
	ProtobufCMessage *packed;

	if (bytes.len > IMAGE_ENTRY_MAX)
		return ERR_INVALID;
	packed =
	    unpack_message(&rongxin__chunk_entry__descriptor, bytes, arena);
	if (packed == NULL)
		return ERR_INVALID;
	return entry_fill((const Rongxin__ChunkEntry *)packed, entry);
}

/* Every page but the last is full; a page that is not there has none. */
static bool
count_is_sound(const Rongxin__SnapshotIndex *packed)
{
	uint64_t before = (uint64_t)packed->page * IMAGE_PAGE;
	uint64_t left;

	if (packed->chunks > IMAGE_CHUNKS_MAX ||
	    (packed->page > 0 && before >= packed->chunks))
		return false;
	left = packed->chunks - before;
	return packed->n_entries == (left < IMAGE_PAGE ? left : IMAGE_PAGE);
}

static bool
page_is_sound(const Rongxin__SnapshotIndex *packed)
{
	struct batch_header header;

	return part_is_stream(packed->stream) && count_is_sound(packed) &&
	       packed->records >= packed->chunks &&
	       packed->records <=
		   (uint64_t)packed->chunks * IMAGE_CHUNK_RECORDS &&
	       image_read_head(part_span(packed->sealed), &header) == ERR_OK &&
	       header.last == packed->position &&
	       strcmp(header.stream, packed->stream) == 0;
}

static enum err
page_fill(const Rongxin__SnapshotIndex *packed, struct arena *arena,
    struct image_page *page)
{
	size_t count = packed->n_entries;
	struct image_entry *entries =
	    arena_take(arena, count * sizeof(*entries));

	for (size_t i = 0; i < count; i++) {
		if (entry_fill(packed->entries[i], &entries[i]) != ERR_OK ||
		    (i > 0 && !image_key_is_before(entries[i - 1].first_key,
				  entries[i].first_key)))
			return ERR_INVALID;
	}
	memcpy(page->head.stream, packed->stream, STREAM_LEN + 1);
	page->head.position = packed->position;
	page->head.chunks = packed->chunks;
	page->head.records = packed->records;
	page->sealed = part_span(packed->sealed);
	page->page = packed->page;
	page->entries = entries;
	page->entry_count = count;
	return ERR_OK;
}

enum err
image_unpack_page(
    struct span bytes, struct arena *arena, struct image_page *page)
{
	const Rongxin__SnapshotIndex *index;
	ProtobufCMessage *packed;

	*page = (struct image_page){0};
	if (bytes.len > MESSAGE_MAX)
		return ERR_INVALID;
	packed =
	    unpack_message(&rongxin__snapshot_index__descriptor, bytes, arena);
	index = (const Rongxin__SnapshotIndex *)packed;
	if (packed == NULL || !page_is_sound(index))
		return ERR_INVALID;
	return page_fill(index, arena, page);
}

void
pack_image_chunk(const struct image_chunk *chunk, struct buf *out)
{
	Rongxin__Chunk packed = RONGXIN__CHUNK__INIT;
	char stream[STREAM_LEN + 1];

	memcpy(stream, chunk->stream, sizeof(stream));
	packed.stream = stream;
	packed.position = chunk->position;
	packed.number = chunk->number;
	packed.body = part_bytes(chunk->body);
	pack_message(&packed.base, out);
}

enum err
image_unpack_chunk(
    struct span bytes, struct arena *arena, struct image_chunk *chunk)
{
	const Rongxin__Chunk *part;
	ProtobufCMessage *packed;

	*chunk = (struct image_chunk){0};
	if (bytes.len > MESSAGE_MAX)
		return ERR_INVALID;
	packed = unpack_message(&rongxin__chunk__descriptor, bytes, arena);
	part = (const Rongxin__Chunk *)packed;
	if (packed == NULL || !part_is_stream(part->stream) ||
	    part->body.len == 0 || part->body.len > IMAGE_BODY_MAX)
		return ERR_INVALID;
	memcpy(chunk->stream, part->stream, STREAM_LEN + 1);
	chunk->position = part->position;
	chunk->number = part->number;
	chunk->body = part_span(part->body);
	return ERR_OK;
}
