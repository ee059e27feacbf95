/*
 * seal: a batch is compressed, hashed, signed once; opened by everybody.
 *
 * With inflate.c the home of zstd.  A sealer belongs to one thread, an opener
 * likewise.
 */
#ifndef WIRE_SEAL_H
#define WIRE_SEAL_H

#include "base/buf.h"
#include "base/sign.h"
#include "credit/chain.h"
#include "wire/keyring.h"
#include "wire/pack.h"

/* Append `raw` compressed; ERR_LIMIT over BATCH_RAW_MAX. */
MUST_CHECK enum err seal_compress(struct span raw, struct buf *out);
/* Append what `bytes`, one whole frame that states its size, become;
 * ERR_INVALID: they are no such frame, or more than BATCH_RAW_MAX. */
MUST_CHECK enum err seal_expand(struct span bytes, struct buf *out);

struct sealer;

/* `signer` is borrowed. */
struct sealer *sealer_new(struct signer *signer);
void sealer_free(struct sealer *sealer); /* safe on NULL */
/* `raw`: a packed Batch.  Fills header->body and header->raw_size, signs, and
 * appends a packed Sealed to `out`. */
MUST_CHECK enum err sealer_seal(struct sealer *sealer,
    struct batch_header *header, struct span raw, struct buf *out);

struct opener;

/* `keys` are borrowed. */
struct opener *opener_new(struct keyring *keys);
void opener_free(struct opener *opener); /* safe on NULL */
/* Check the key, its signature and the header; no decompression yet.  `sealed`
 * borrows from `bytes`. */
MUST_CHECK enum err opener_check(struct opener *opener, struct span bytes,
    struct batch_header *header, struct sealed *sealed, struct why *why);
/* The same for a packed Sealed without its body. */
MUST_CHECK enum err opener_check_head(struct opener *opener, struct span bytes,
    struct batch_header *header, struct why *why);
/* Check the body's digest and sizes, decompress, unpack; exactly
 * last - first + 1 records or ERR_INVALID. */
MUST_CHECK enum err opener_open(struct opener *opener,
    const struct batch_header *header, const struct sealed *sealed,
    struct arena *arena, struct record **records, struct why *why);
/* What was opened last, as it was packed; borrowed until the next one. */
struct span opener_packed(const struct opener *opener);

#endif
