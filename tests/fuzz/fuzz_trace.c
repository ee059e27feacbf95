/*
 * fuzz_trace: what is followed is a traceparent, and others follow it too.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trace trace = {.id = ""}, again = {.id = ""};
	char *text = mem_new(size + 1);

	if (size > 0)
		memcpy(text, data, size);
	if (trace_follow(&trace, text) &&
	    (size != TRACE_PARENT_LEN || !trace_follow(&again, trace.parent) ||
		strcmp(trace.id, again.id) != 0))
		abort();
	mem_free(text);
	return 0;
}
