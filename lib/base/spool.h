/*
 * spool: what is uploaded lies in a file until it is used.
 *
 * The digest is known before the transaction begins, memory stays flat for
 * any size.  The file of a whole upload has no name once it is open, so it is
 * gone when the process is, however it ends.  The file of an upload in parts
 * has a name and stays until it is committed or too old; it has one writer at
 * a time.
 */
#ifndef BASE_SPOOL_H
#define BASE_SPOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

struct spool;

/* A new empty file in `folder`; NULL and `why` when that fails. */
struct spool *spool_open(const char *folder, struct why *why);
/* The upload in parts called `name` (a file name), made when missing and
 * `make`.  ERR_MISSING: nothing is held; ERR_BUSY: another request has it. */
MUST_CHECK enum err spool_open_part(const char *folder, const char *name,
    bool make, struct spool **out, struct why *why);
/* Bytes that are held of it; 0 when there is none. */
uint64_t spool_held(const char *folder, const char *name);
/* How many uploads in parts have a name that begins with `prefix`, `but` not
 * counted? */
size_t spool_count(const char *folder, const char *prefix, const char *but);
void spool_close(struct spool *spool); /* safe on NULL */
/* Take away the name: the last close frees the room.  No-op without one. */
void spool_forget(struct spool *spool);

/* Append `bytes` (copied) without blocking `loop` (a uv_loop_t); `done` runs
 * on it.  One write at a time. */
void spool_write(struct spool *spool, void *loop, struct span bytes,
    void (*done)(void *context, enum err err), void *context);
/* The same for what was written, and the name, to be on disk. */
void spool_sync(struct spool *spool, void *loop,
    void (*done)(void *context, enum err err), void *context);
/* Append and wait; for threads without a loop. */
MUST_CHECK enum err spool_append(struct spool *spool, struct span bytes);
/* Wait until all of it, and the name, is on disk. */
MUST_CHECK enum err spool_flush(struct spool *spool);
uint64_t spool_size(const struct spool *spool);
/* Was everything in it written by this process, so that its digest is
 * known? */
bool spool_has_digest(const struct spool *spool);
/* Of everything written; once, after the last write. */
struct digest spool_digest(struct spool *spool);
/* Append up to `max` bytes from `offset`; *len is 0 at the end. */
MUST_CHECK enum err spool_read(struct spool *spool, uint64_t offset,
    struct buf *out, size_t max, size_t *len);

/* Remove whole uploads that an earlier process left in `folder`; make it when
 * missing. */
MUST_CHECK enum err spool_clean(const char *folder, struct why *why);
/* Remove uploads in parts that nothing was added to for so long; how many. */
size_t spool_expire(const char *folder, int64_t age_seconds);

#endif
