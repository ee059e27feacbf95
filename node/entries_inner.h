/*
 * entries_inner: what the files of entries share.
 */
#ifndef NODE_ENTRIES_INNER_H
#define NODE_ENTRIES_INNER_H

#include <sys/types.h>

#include "node/entries.h"
#include "node/spare.h"

struct entries {
	char folder[ENTRIES_PATH_SIZE];
	int fd; /* the newest file; -1: none yet */
	uint64_t first, count;
	off_t end;           /* of the last good frame in the newest file */
	off_t allocated;     /* zeros stand from `end` up to here */
	off_t at;            /* where the next write goes; -1: unknown */
	struct spare *spare; /* the next file … */
	bool asked;          /* … is being made */
	uint32_t *offsets;   /* of entries 0, STRIDE, 2 STRIDE, … */
	size_t offset_size;
	struct buf frames, nonces; /* of one group; kept from one to the next */
};

MUST_CHECK enum err entries_put(
    struct entries *entries, off_t offset, struct span bytes);
/* Before the first answer waits for it: for what a file with many entries will
 * have. */
void entries_prepare(struct entries *entries);
/* So that the newest file has room up to `end`.  Where it cannot be had the
 * write itself tells. */
void entries_take_room(struct entries *entries, off_t end);
/* A file that is full by half tells how large the next one will be: it is made
 * ahead. */
void entries_ask_spare(struct entries *entries);

#endif
