/*
 * Any bytes as a pattern and, behind the first line end, a text for it.
 */
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "credit/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t len = end != NULL ? (size_t)(end - data) : size;
	struct span text = {"", 0};
	const struct pattern *pattern;
	struct arena *arena;

	if (end != NULL)
		text = span_make(end + 1, size - len - 1);
	if (!text_is_utf8(span_make(data, len)) || !text_is_utf8(text))
		return 0;
	arena = arena_new();
	pattern = pattern_parse(arena, span_make(data, len));
	if (pattern != NULL)
		(void)pattern_matches(pattern, text);
	arena_free(arena);
	return 0;
}
