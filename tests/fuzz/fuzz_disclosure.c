/*
 * fuzz_disclosure: an accepted wish is within its contract, and printed it is
 * the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "credit/disclosure.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct disclosure read, again;
	struct buf text = {0};

	if (disclosure_parse(span_make(data, size), &read, NULL) != ERR_OK)
		return 0;
	if (uscc_check(span_of(read.subject)) != USCC_OK || read.limit == 0 ||
	    read.limit > DISCLOSURE_LIMIT_MAX || read.from > INT64_MAX)
		abort();
	disclosure_print(&read, &text);
	if (disclosure_parse(buf_span(&text), &again, NULL) != ERR_OK ||
	    memcmp(&read, &again, sizeof(read)) != 0)
		abort();
	buf_release(&text);
	return 0;
}
