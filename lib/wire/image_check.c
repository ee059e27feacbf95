/*
 * image_check: a chunk is what its entry in the index says, or nothing.
 */
#include "wire/image_inner.h"
#include "wire/seal.h"

void
image_key(const struct record *record, struct buf *key)
{
	buf_add(key, record->subject.ptr, record->subject.len);
	buf_char(key, '\0');
	buf_u16(key, (uint16_t)record->item);
	buf_add(key, record->key.ptr, record->key.len);
}

bool
image_key_is_before(struct span a, struct span b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;

	return order < 0 || (order == 0 && a.len < b.len);
}

enum err
image_read_head(struct span sealed_head, struct batch_header *header)
{
	struct sealed sealed;

	if (unpack_sealed_head(sealed_head, &sealed) != ERR_OK)
		return ERR_INVALID;
	return batch_header_parse(sealed.header, header);
}

/* Ascending keys between the bounds, and the sum of their elements. */
static bool
records_add_up(const struct record *records, const struct image_entry *entry,
    const struct image_bounds *bounds)
{
	struct buf keys[2] = {{0}, {0}}; /* this one and the one before */
	struct setsum sum = {{0}};
	bool fine = true;

	for (uint32_t i = 0; i < entry->records && fine; i++) {
		struct digest content = record_content_digest(&records[i]);
		struct digest element = record_element_digest(
		    &content, records[i].version, records[i].as_of_us);
		struct buf *key = &keys[i % 2];

		buf_reset(key);
		image_key(&records[i], key);
		fine = records[i].item <= UINT16_MAX;
		if (i > 0)
			fine = fine &&
			       image_key_is_before(
				   buf_span(&keys[(i + 1) % 2]), buf_span(key));
		else if (!bounds->first)
			fine = fine && !image_key_is_before(
					   buf_span(key), entry->first_key);
		setsum_add(&sum, &element);
	}
	if (fine && bounds->next_key.len > 0)
		fine = image_key_is_before(
		    buf_span(&keys[(entry->records + 1) % 2]),
		    bounds->next_key);
	buf_release(&keys[0]);
	buf_release(&keys[1]);
	return fine && memcmp(&sum, &entry->sum, sizeof(sum)) == 0;
}

enum err
image_open_chunk(struct span body, const struct image_entry *entry,
    const struct image_bounds *bounds, struct arena *arena,
    struct record **records)
{
	struct buf raw = {0};
	size_t count;
	enum err err = ERR_INVALID;

	if (body.len == entry->size)
		err = seal_expand(body, &raw);
	if (err == ERR_OK)
		err = unpack_batch(buf_span(&raw), arena, records, &count);
	buf_release(&raw);
	if (err != ERR_OK)
		return err;
	if (count == 0 || count != entry->records ||
	    !records_add_up(*records, entry, bounds))
		return ERR_INVALID;
	return ERR_OK;
}
