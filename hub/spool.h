/*
 * spool: an upload lies in a file until it is merged.
 *
 * The digest is known before the transaction begins, memory stays flat for
 * any size.  The file has no name once it is open, so it is gone when the
 * process is, however it ends.
 */
#ifndef HUB_SPOOL_H
#define HUB_SPOOL_H

#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

struct spool;

/* A new empty file in `folder`; NULL and `why` when that fails. */
struct spool *spool_open(const char *folder, struct why *why);
void spool_close(struct spool *spool); /* safe on NULL */
/* Append `bytes` (copied) without blocking `loop` (a uv_loop_t); `done` runs
 * on it.  One write at a time. */
void spool_write(struct spool *spool, void *loop, struct span bytes,
    void (*done)(void *context, enum err err), void *context);
uint64_t spool_size(const struct spool *spool);
/* Of everything written; once, after the last write. */
struct digest spool_digest(struct spool *spool);
/* Append up to `max` bytes from `offset`; *len is 0 at the end. */
MUST_CHECK enum err spool_read(struct spool *spool, uint64_t offset,
    struct buf *out, size_t max, size_t *len);
/* Remove what an earlier process left in `folder`; make it when missing. */
MUST_CHECK enum err spool_clean(const char *folder, struct why *why);

#endif
