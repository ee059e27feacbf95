/*
 * digest: SHA-256 (or SM3) of bytes, HMAC, random bytes.
 *
 * The only file that hashes.  The network's suite decides which function
 * DIGEST_LEN bytes come from; Merkle logs always use SHA-256 (C2SP).
 * Any thread.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define DIGEST_LEN 32
#define DIGEST_HEX_LEN (2 * DIGEST_LEN)

struct digest {
	uint8_t bytes[DIGEST_LEN];
};

/* SHA-256 of the parts one behind the other (no separator). */
struct digest digest_of(struct span bytes);
struct digest digest_of_parts(const struct span *parts, size_t count);
bool digest_equal(const struct digest *a, const struct digest *b);
/* Lower-case hex, terminated.  Returns `out`. */
const char *digest_print(
    const struct digest *digest, char out[DIGEST_HEX_LEN + 1]);
bool digest_parse(struct span hex, struct digest *digest);

/* A running digest, for bodies that are streamed. */
struct digest_stream;

struct digest_stream *digest_stream_new(void);
void digest_stream_add(struct digest_stream *stream, struct span bytes);
struct digest digest_stream_end(struct digest_stream *stream); /* once */
void digest_stream_free(struct digest_stream *stream); /* safe on NULL */

struct digest digest_hmac(struct span key, struct span bytes);
/* From the kernel; stops the process when there are none. */
void digest_random(void *out, size_t len);
bool digest_same_secret(struct span a, struct span b); /* constant time */

#endif
