/*
 * fuzz_manifest: what is accepted never leads out of the folder.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "credit/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct manifest manifest;
	struct why why;

	if (manifest_parse(span_make(data, size), &manifest, &why) != ERR_OK)
		return 0;
	if (manifest.file[0] == '\0' || manifest.file[0] == '.' ||
	    strchr(manifest.file, '/') != NULL || manifest.item == 0 ||
	    manifest.id[0] == '\0' || strpbrk(manifest.id, " \n\t") != NULL)
		abort();
	return 0;
}
