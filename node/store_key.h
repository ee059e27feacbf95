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
/* Everything is copied into `arena`. */
MUST_CHECK enum err store_parse_record(struct span key, struct span value,
    struct arena *arena, struct stored *stored);

void store_print_state(const struct stream_state *state, struct buf *value);
/* All but the stream's name, which is the key. */
MUST_CHECK enum err store_parse_state(
    struct span value, struct stream_state *state);

/* Big-endian, as buf_u64 wrote it. */
uint64_t store_parse_u64(const char *bytes);

#endif
