/*
 * fuzz_imprint: no file passes that the key did not sign, whatever its last
 * line says.
 */
#include <stdint.h>
#include <stdlib.h>

#include "credit/imprint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t raw[32] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1,
	    0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e,
	    0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68,
	    0xf7, 0x07, 0x51, 0x1a};
	struct verifier *verifier = verifier_new(raw);
	struct why why;

	if (imprint_check(span_make(data, size), verifier, &why) == ERR_OK)
		abort();
	verifier_free(verifier);
	return 0;
}
