/*
 * Any bytes as a signed document of a key whose private half is gone.
 */
#include <stdlib.h>

#include "base/jws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The key of RFC 8037, appendix A.2. */
	static const uint8_t raw[32] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1,
	    0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e,
	    0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68,
	    0xf7, 0x07, 0x51, 0x1a};
	struct verifier *verifier = verifier_new(raw);
	struct buf payload = {0};
	struct identity who;
	struct why why;

	if (jws_check_with_key(span_make(data, size), "t", verifier, &payload,
		&why) != ERR_OK &&
	    payload.len != 0)
		abort();
	if (cert_identify(span_make(data, size), &who, &why) == ERR_OK &&
	    who.code[0] == '\0')
		abort();
	verifier_free(verifier);
	buf_release(&payload);
	return 0;
}
