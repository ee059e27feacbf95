/*
 * manifest: what a department says of a file that it put into its inbox.
 *
 * Unknown members are refused, and the file's name can only be one in the
 * same folder.  Pure; any thread.
 */
#ifndef CREDIT_MANIFEST_H
#define CREDIT_MANIFEST_H

#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"

#define MANIFEST_MAX 16384 /* bytes of the document */
#define MANIFEST_ID_MAX 128
#define MANIFEST_FILE_MAX 200
#define MANIFEST_WORD_MAX 1024

struct manifest {
	uint32_t item;
	char id[MANIFEST_ID_MAX + 1];
	char file[MANIFEST_FILE_MAX + 1];
	uint64_t size;
	struct digest digest;
	char type[64]; /* as a Content-Type */
	/* Empty: not said. */
	char mode[16];
	char divisions[MANIFEST_WORD_MAX + 1];
	char sequence[24];
};

/* {"item","id","file","size","digest"} and perhaps "mode", "charset",
 * "format" (csv or ndjson; otherwise by the file's name), "divisions",
 * "sequence". */
MUST_CHECK enum err manifest_parse(
    struct span text, struct manifest *manifest, struct why *why);

#endif
