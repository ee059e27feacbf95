/*
 * chain: how far one place has followed one stream, and what comes next.
 *
 * It moves forward by exactly one sealed batch: first == position + 1 and
 * previous == hash of the last header.  Anything else is a gap or a repeat or
 * a lie, never a guess.  Threads: the one that owns the stream.  Pure.
 */
#ifndef CREDIT_CHAIN_H
#define CREDIT_CHAIN_H

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "credit/region.h"

#define BATCH_RECORDS_MAX 4096
#define BATCH_RAW_MAX (8 << 20)

/* What is signed of a batch: docs/PROTOCOL.md §Batch. */
struct batch_header {
	char stream[STREAM_LEN + 1];
	uint64_t first, last;   /* positions, inclusive; one per record */
	struct digest previous; /* hash of the header before; zeros for none */
	struct digest body;     /* SHA-256 of the compressed body */
	uint32_t raw_size;      /* of the body before compression */
	int64_t committed_us;   /* hub's time */
	struct digest state;    /* setsum digest of the stream after `last` */
};

/* The exact bytes that are hashed and signed (also the wire form):
 * "RXB1", stream, first, last, previous, body, raw_size, committed, state. */
#define BATCH_HEADER_LEN (4 + 4 + 8 + 8 + 32 + 32 + 4 + 8 + 32)
void batch_header_print(
    const struct batch_header *header, uint8_t out[BATCH_HEADER_LEN]);
MUST_CHECK enum err batch_header_parse(
    struct span bytes, struct batch_header *header);
struct digest batch_header_hash(const struct batch_header *header);

struct chain {
	char stream[STREAM_LEN + 1];
	uint64_t position;  /* 0: nothing yet */
	struct digest head; /* hash of the last header; zeros: none */
};

/* May this batch be applied now?  ERR_OK: it is next.  ERR_SEEN: a harmless
 * repeat.  ERR_GAP: batches before it are missing.  ERR_INVALID: it claims
 * our next position but does not continue our chain, or our newest but is
 * another batch. */
MUST_CHECK enum err chain_admit(
    const struct chain *chain, const struct batch_header *header);
void chain_advance(struct chain *chain, const struct batch_header *header);

#endif
