/*
 * image: one stream as it stood at one position, in chunks: a snapshot that
 * can be written to a file, sent piece by piece and checked by anybody.
 *
 * Chunks are in ascending order of keys and cover the stream without gaps:
 * chunk i holds the keys from its first key to before the next one's (the first
 * chunk begins before every key, the last ends behind every key).  The sums of
 * the chunks add up to the sum of the stream, whose digest the hub signed in
 * the batch header at that position; so index and chunks need no other
 * signature (docs/decisions/0005-snapshots.md).
 * A writer or an image belongs to one thread.
 */
#ifndef WIRE_IMAGE_H
#define WIRE_IMAGE_H

#include "base/mem.h"
#include "base/setsum.h"
#include "credit/chain.h"
#include "credit/record.h"
#include "wire/pack.h"

#define IMAGE_CHUNK_RAW (1 << 20)  /* a chunk is closed when so large */
#define IMAGE_CHUNK_RECORDS 4096   /* or when it has so many records */
#define IMAGE_PAGE 4096            /* entries in a page of an index */
#define IMAGE_CHUNKS_MAX (1 << 20) /* more than 1 TiB */
/* subject, 0x00, item, key */
#define IMAGE_KEY_MAX (RECORD_SUBJECT_MAX + 1 + 2 + RECORD_KEY_MAX)

/* The order of records in an image, appended: subject 0x00 item(u16) key;
 * compared as bytes. */
void image_key(const struct record *record, struct buf *key);
bool image_key_is_before(struct span a, struct span b);

struct image_entry {
	struct span first_key;
	struct setsum sum;
	uint32_t records;
	uint32_t size; /* of the chunk as it travels */
};

/* made by whoever holds the records */

struct image_writer;

/* A half file is the path and this behind it; one that a crash left is rubbish.
 */
#define IMAGE_BESIDE ".part"

/* Writes beside `path`; the file appears there, whole and flushed, at
 * image_writer_end.  NULL and `why` on failure. */
struct image_writer *image_writer_begin(
    const char *path, const char *stream, struct why *why);
/* In ascending order of image_key; else ERR_INVALID. */
MUST_CHECK enum err image_writer_add(
    struct image_writer *writer, const struct record *record, struct why *why);
/* The same of a record whose content digest is known. */
MUST_CHECK enum err image_writer_put(struct image_writer *writer,
    const struct record *record, const struct digest *content, struct why *why);
/* `sealed`: packed Sealed, with its body or without, of the batch at whose
 * position the records stood; its signature is not checked.  ERR_CONFLICT: they
 * do not add up to its state digest; nothing appears. */
MUST_CHECK enum err image_writer_end(
    struct image_writer *writer, struct span sealed, struct why *why);
/* Safe on NULL; without an end the half file is gone. */
void image_writer_free(struct image_writer *writer);

/* the file */

struct image;

struct image_head {
	char stream[STREAM_LEN + 1];
	uint64_t position;
	uint32_t chunks;
	uint64_t records;
};

/* Reads the index and adds its sums up: what opens is whole but for its
 * bodies.  NULL and `why` when it is not. */
struct image *image_open(const char *path, struct why *why);
void image_close(struct image *image); /* safe on NULL */
const struct image_head *image_head(const struct image *image);
/* Append a packed SnapshotIndex / Chunk message body; ERR_MISSING: there is
 * no such page or chunk. */
MUST_CHECK enum err image_pack_page(
    struct image *image, uint32_t page, struct buf *out, struct why *why);
MUST_CHECK enum err image_pack_chunk(
    struct image *image, uint32_t number, struct buf *out, struct why *why);

/* checked by whoever gets it */

/* One page of an index; borrows from the arena.  Keys ascend within it and
 * `sealed` (packed, no body) names the same stream and position; for the
 * caller to check: its signature (opener_check_head), the order from page to
 * page, and that all sums (setsum_join) add up to the signed state. */
struct image_page {
	struct image_head head;
	struct span sealed;
	uint32_t page;
	const struct image_entry *entries;
	size_t entry_count;
};
MUST_CHECK enum err image_unpack_page(
    struct span bytes, struct arena *arena, struct image_page *page);

struct image_chunk {
	char stream[STREAM_LEN + 1];
	uint64_t position;
	uint32_t number;
	struct span body;
};
MUST_CHECK enum err image_unpack_chunk(
    struct span bytes, struct arena *arena, struct image_chunk *chunk);
/* Decompress a chunk's body and check it against its entry: count, order, range
 * (`next_key` is empty for the last chunk, `first` is true for the first) and
 * sum.  Records are in the arena.  ERR_INVALID: it is not what the index says.
 */
struct image_bounds {
	struct span next_key;
	bool first;
};
MUST_CHECK enum err image_open_chunk(struct span body,
    const struct image_entry *entry, const struct image_bounds *bounds,
    struct arena *arena, struct record **records);

#endif
