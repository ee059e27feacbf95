/*
 * image_inner: what the image*.c files and pack_image.c share.
 *
 * The file is ours alone, integers big-endian: per chunk u32 length, packed
 * ChunkEntry, body; then the offset of each chunk and of the end of the last
 * (u64 each), the packed Sealed without its body, and the tail.  The tail's
 * digest covers everything behind the last chunk; the sums, which are read
 * when the file is opened, must add up to what the hub signed.
 */
#ifndef WIRE_IMAGE_INNER_H
#define WIRE_IMAGE_INNER_H

#include "wire/image.h"

#define IMAGE_MAGIC "RXI1"
/* Magic, stream, position, records, chunks, length of the sealed head; then
 * the digest. */
#define IMAGE_TAIL_FACTS (4 + STREAM_LEN + 8 + 8 + 4 + 4)
#define IMAGE_TAIL_LEN (IMAGE_TAIL_FACTS + DIGEST_LEN)
/* A packed ChunkEntry is shorter. */
#define IMAGE_ENTRY_MAX 1024
/* A body is no longer: a batch that zstd cannot shrink. */
#define IMAGE_BODY_MAX SEALED_MAX

/* The header that a sealed head holds; no signature is checked. */
MUST_CHECK enum err image_read_head(
    struct span sealed_head, struct batch_header *header);

/* pack_image.c */
/* A SnapshotIndex is this … */
void pack_image_page(const struct image_page *page, struct buf *out);
/* … and a framed entry for each chunk behind it. */
void pack_image_framed(struct span packed_entry, struct buf *out);
void pack_image_entry(const struct image_entry *entry, struct buf *out);
MUST_CHECK enum err unpack_image_entry(
    struct span bytes, struct arena *arena, struct image_entry *entry);
void pack_image_chunk(const struct image_chunk *chunk, struct buf *out);

#endif
