/*
 * store_key: the bytes of the store's keys and values.
 *
 * Pure.  What cannot be read back is ERR_INVALID: the store is damaged.
 */
#ifndef NODE_STORE_KEY_H
#define NODE_STORE_KEY_H

#include "node/store.h"

/* subject 0x00 item(u16) stream key: one subject is one range, by items. */
void store_record_key(
    const char *stream, const struct record *record, struct buf *key);
/* 0 for what is no record's key. */
uint32_t store_key_item(struct span key);
/* Is it a record of this stream? */
bool store_key_is_of(struct span key, const char *stream);
/* A record's key as images have it (wire/image.h: without the stream), and
 * back; within a stream both are in the same order.  Appended. */
void store_image_key(struct span key, struct buf *image_key);
void store_key_of_image(
    const char *stream, struct span image_key, struct buf *key);
/* A record's value: its element digest, then the record as it is packed, so
 * that a record that goes need not be opened.  Appended. */
void store_record_value(
    const struct digest *element, struct span packed, struct buf *value);
/* The element digest alone; false: it is no record's value. */
bool store_value_element(struct span value, struct digest *element);
/* Everything is copied into `arena`. */
MUST_CHECK enum err store_parse_record(struct span key, struct span value,
    struct arena *arena, struct stored *stored);
/* Borrowed from key and value, which this store has had before. */
MUST_CHECK enum err store_lend_record(struct span key, struct span value,
    struct record_field fields[RECORD_FIELDS_MAX], struct stored *stored);
/* Is the digest beside it its own? */
bool store_record_is_whole(const struct stored *stored);

void store_print_state(const struct stream_state *state, struct buf *value);
/* All but the stream's name, which is the key. */
MUST_CHECK enum err store_parse_state(
    struct span value, struct stream_state *state);

/* stream first(u64) */
void store_sealed_key(const char *stream, uint64_t first, struct buf *key);

/* Big-endian, as buf_u64 wrote it. */
uint64_t store_parse_u64(const char *bytes);

#endif
