/*
 * What stream 0000 says of a key: the first line is the key, the rest what its
 * retirement says.
 */
#include <string.h>

#include "wire/keyring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
	struct keyring *keys = keyring_new();
	size_t line = end != NULL ? (size_t)(end - data) : 0;

	if (end != NULL) {
		struct span rest = span_make(end + 1, size - line - 1);

		(void)!keyring_take(keys, span_make(data, line), false, rest);
		(void)!keyring_take(keys, span_make(data, line), true, rest);
		(void)!keyring_take(keys, span_make(data, line), true, rest);
	}
	keyring_free(keys);
	return 0;
}
