/*
 * A sealed batch as a relay may hand it on.  The body is also opened as if
 * its header had been signed, so that the fuzzer gets behind the signature.
 */
#include "wire/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t raw_key[32] = {1};
	struct keyring *keys = keyring_of(raw_key);
	struct opener *opener = opener_new(keys);
	struct arena *arena = arena_new();
	struct span bytes = span_make(data, size);
	struct batch_header header;
	struct sealed sealed;
	struct record *records;
	struct why why;

	(void)!opener_check(opener, bytes, &header, &sealed, &why);
	if (unpack_sealed(bytes, &sealed) == ERR_OK &&
	    batch_header_parse(sealed.header, &header) == ERR_OK) {
		header.body = digest_of(sealed.body);
		(void)!opener_open(
		    opener, &header, &sealed, arena, &records, &why);
	}
	arena_free(arena);
	opener_free(opener);
	keyring_free(keys);
	return 0;
}
