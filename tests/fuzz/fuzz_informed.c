/*
 * fuzz_informed: an accepted count is within its bounds, and printed it is the
 * same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "credit/informed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct informed read, again;
	struct buf text = {0};

	if (informed_parse(span_make(data, size), &read, NULL) != ERR_OK)
		return 0;
	if (!consent_id_is_valid(span_of(read.objection)) ||
	    read.members > INFORMED_MEMBERS_MAX)
		abort();
	informed_print(&read, &text);
	if (informed_parse(buf_span(&text), &again, NULL) != ERR_OK ||
	    memcmp(&read, &again, sizeof(read)) != 0)
		abort();
	buf_release(&text);
	return 0;
}
