/*
 * origin: where a sandbox's records come from, in place of a hub's ledger.
 *
 * The same streams, versions, digests, chains and sealed batches as a hub
 * makes, kept in one file that only grows; all in memory, for some thousands
 * of made-up enterprises.  What was sealed is in the file before anybody
 * hears of it.
 * Threads: the one that owns it.
 */
#ifndef NODE_ORIGIN_H
#define NODE_ORIGIN_H

#include "base/mem.h"
#include "wire/pack.h"

struct origin;

struct origin_settings {
	const char *path;       /* of the file; made when missing */
	struct signer *signer;  /* of batches; borrowed */
	const uint8_t *raw_key; /* its public key */
	/* A batch was sealed and is in the file. */
	void (*sealed)(void *context, const char *stream, struct span bytes);
	void *context;
};

/* Reads the file, checking every signature.  NULL and `why` on failure. */
struct origin *origin_open(
    const struct origin_settings *settings, struct why *why);
void origin_close(struct origin *origin); /* safe on NULL */
bool origin_is_empty(const struct origin *origin);

/* The record as it is; its version does not matter.  False: it is there
 * already, unchanged. */
bool origin_put(
    struct origin *origin, const char *stream, const struct record *record);
/* Seals what was put.  An error: the file cannot be written, and nothing is
 * taken any more. */
MUST_CHECK enum err origin_commit(struct origin *origin, struct why *why);
/* The record's newest version, committed or not; false: there is none. */
bool origin_find(struct origin *origin, const char *stream,
    const struct record *like, struct arena *arena, struct record *found);

/* Where the streams are, ascending; borrowed until the next change. */
const struct stream_head *origin_heads(
    const struct origin *origin, size_t *count);
uint64_t origin_position(const struct origin *origin, const char *stream);
/* Up to `max` sealed batches from the one that `after` lies before on; how
 * many.  Borrowed for good. */
size_t origin_batches(const struct origin *origin, const char *stream,
    uint64_t after, struct span *sealed, size_t max);

#endif
