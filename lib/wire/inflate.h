/*
 * inflate: gzip and zstd bodies, unpacked in small steps under a limit.
 *
 * A few bytes can claim to be terabytes: both the size and the ratio of what
 * comes out are bounded, and no step makes more than INFLATE_STEP bytes.
 * The home of zlib; zstd is shared with seal.c.  One thread each.
 */
#ifndef WIRE_INFLATE_H
#define WIRE_INFLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define INFLATE_STEP (256 << 10)

enum inflate_kind {
	INFLATE_NONE,
	INFLATE_GZIP,
	INFLATE_ZSTD
};

/* A Content-Encoding; NULL, "" and "identity" are none. */
bool inflate_kind_parse(const char *name, enum inflate_kind *kind);

struct inflate_limits {
	uint64_t size;  /* bytes that may come out; 0: any */
	uint32_t ratio; /* times what went in, from 16 MiB on; 0: any */
};

struct inflate;

struct inflate *inflate_new(
    enum inflate_kind kind, const struct inflate_limits *limits);
void inflate_free(struct inflate *one); /* safe on NULL */
/* Take from the front of `in`, append at most INFLATE_STEP bytes to `out`.
 * Call again until `in` is empty and nothing more comes out.  ERR_INVALID:
 * not what it says it is; ERR_LIMIT: more than the limits allow. */
MUST_CHECK enum err inflate_step(
    struct inflate *one, struct span *in, struct buf *out);
/* Was the end a whole end?  False for bytes that were cut off. */
bool inflate_is_whole(const struct inflate *one);

/* The other direction, for senders. */
struct deflate;

struct deflate *deflate_new(enum inflate_kind kind);
void deflate_free(struct deflate *one); /* safe on NULL */
/* Append what `bytes` become; after `last` nothing may follow. */
MUST_CHECK enum err deflate_feed(
    struct deflate *one, struct span bytes, bool last, struct buf *out);

#endif
