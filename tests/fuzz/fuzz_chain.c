/*
 * fuzz_chain: an accepted batch header prints to the bytes it came from, and
 * is never admitted but as the next one.
 */
#include <stdint.h>
#include <stdlib.h>

#include "credit/chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chain chain = {.stream = "4401"};
	struct batch_header header;
	uint8_t bytes[BATCH_HEADER_LEN];

	if (batch_header_parse(span_make(data, size), &header) != ERR_OK)
		return 0;
	batch_header_print(&header, bytes);
	if (size != sizeof(bytes) || memcmp(bytes, data, size) != 0)
		abort();
	if (chain_admit(&chain, &header) != ERR_OK)
		return 0;
	if (header.first != 1 || memcmp(header.stream, "4401", 5) != 0)
		abort();
	chain_advance(&chain, &header);
	if (chain.position != header.last ||
	    chain_admit(&chain, &header) != ERR_SEEN)
		abort();
	return 0;
}
