/*
 * source: the bytes of a batch on their way out, coded when asked.
 *
 * Read while they are sent, so that memory stays flat for any size.
 */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/digest.h"
#include "base/err.h"
#include "wire/inflate.h"

struct source;

/* `path` "-": standard input.  NULL and `why` when it cannot be opened. */
struct source *source_open(
    const char *path, enum inflate_kind coding, struct why *why);
void source_close(struct source *source); /* safe on NULL */
/* Bytes that come in all; -1: not known before the end. */
int64_t source_size(const struct source *source);
/* The same of the file itself, before coding. */
int64_t source_file_size(const struct source *source);
/* The next bytes, at most `max`; 0 at the end, -1 when it cannot be read. */
ssize_t source_read(struct source *source, char *into, size_t max);
/* Can it be read once more from its start?  Then it is there. */
bool source_rewind(struct source *source);

/* Read all of it, for its digest before coding.  What is coded, or no plain
 * file, is kept in a temporary one: afterwards the size is known and any
 * place can be sought. */
MUST_CHECK enum err source_settle(
    struct source *source, struct digest *digest, struct why *why);
void source_seek(struct source *source, uint64_t offset); /* settled only */

#endif
