/*
 * spare: a file of zeros made ahead, on disk before it is needed.
 *
 * Room that is taken while answers wait costs them the file system's own
 * work: blocks, inode, and on a busy disk tens of milliseconds.  Here another
 * thread does it, a little at a time.
 * Thread: one, that of the entries.
 */
#ifndef NODE_SPARE_H
#define NODE_SPARE_H

#include <stdbool.h>
#include <sys/types.h>

struct spare;

/* A leftover of before is deleted. */
struct spare *spare_new(const char *folder);
/* Waits for a portion that is being written, not for the whole file. */
void spare_free(struct spare *spare); /* safe on NULL */
/* Has the disk much more than that? */
bool spare_fits(const struct spare *spare, off_t size);
/* Begin one of this size; nothing when it does not fit or is there already. */
void spare_make(struct spare *spare, off_t size);
/* Move it to `path`; its size, 0: there is none.  The new name is on disk when
 * its folder is synced. */
off_t spare_take(struct spare *spare, const char *path);
/* Later, give back what this file has behind `size`: nobody writes to it. */
void spare_trim(struct spare *spare, const char *path, off_t size);

#endif
