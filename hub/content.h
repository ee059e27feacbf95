/*
 * content: what a spool holds, as the department wrote it.
 *
 * Decoded (gzip, zstd) piece by piece, under limits; its SHA-256 and size are
 * what batch ids, receipts and manifests speak of, whatever way and coding
 * the bytes came in.  Blocks; one thread each.
 */
#ifndef HUB_CONTENT_H
#define HUB_CONTENT_H

#include <stdatomic.h>

#include "base/spool.h"
#include "wire/inflate.h"

/* Which bytes, and how to read them; all borrowed. */
struct content_source {
	struct spool *spool;
	enum inflate_kind coding;
	struct inflate_limits limits;
	const atomic_bool *stop; /* set: no further; may be NULL */
};

struct content;

struct content *content_open(const struct content_source *source);
void content_close(struct content *content); /* safe on NULL */
/* Replace what `piece` has by the next bytes; none: this was the end.
 * ERR_INVALID: broken or cut off; ERR_LIMIT: decodes to too much; ERR_CLOSED:
 * we are stopping. */
MUST_CHECK enum err content_read(
    struct content *content, struct buf *piece, struct why *why);

/* Digest and size of all of it. */
MUST_CHECK enum err content_measure(const struct content_source *source,
    struct digest *digest, uint64_t *size, struct why *why);

#endif
