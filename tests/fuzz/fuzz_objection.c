/*
 * fuzz_objection: accepted claims print and parse to the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "credit/objection.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct objection objection, again;
	struct buf text = {0};

	if (objection_parse(span_make((const char *)data, size), &objection,
		NULL) != ERR_OK)
		return 0;
	objection_print(&objection, &text);
	/* Escapes may make it longer than a document may be. */
	if (text.len <= OBJECTION_MAX &&
	    (objection_parse(buf_span(&text), &again, NULL) != ERR_OK ||
		memcmp(&objection, &again, sizeof(again)) != 0))
		abort();
	buf_release(&text);
	return 0;
}
