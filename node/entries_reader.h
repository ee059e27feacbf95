/*
 * entries_reader: the trail's entries once more, in order, beside the thread
 * that writes them.
 *
 * Only what was acknowledged may be asked for: the trail's size says how much.
 * One thread a reader.
 */
#ifndef NODE_ENTRIES_READER_H
#define NODE_ENTRIES_READER_H

#include "node/entries.h"

struct entries_reader;

/* `folder` is that of the entries. */
struct entries_reader *entries_reader_new(const char *folder);
void entries_reader_free(struct entries_reader *reader); /* safe on NULL */
/* Entry `index`, valid until the next call.  One after the other costs one
 * read in many; a leap reads its file from the beginning. */
MUST_CHECK enum err entries_reader_read(
    struct entries_reader *reader, uint64_t index, struct entry *entry);

/* Where the entry that was read last begins in its file, … */
uint64_t entries_reader_offset(const struct entries_reader *reader);
/* … so that it is read again without what is before it. */
MUST_CHECK enum err entries_reader_seek(
    struct entries_reader *reader, uint64_t index, uint64_t offset);

#endif
