/*
 * Any bytes as JSON: what is accepted prints and reads back the same.
 */
#include <stdlib.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json *root = json_parse(span_make(data, size), NULL);
	struct buf one = {0}, other = {0};
	struct json *again;

	if (root == NULL)
		return 0;
	json_print(root, &one);
	again = json_parse(buf_span(&one), NULL);
	if (again == NULL)
		abort();
	json_print(again, &other);
	if (!span_equal(buf_span(&one), buf_span(&other)))
		abort();
	json_free(root);
	json_free(again);
	buf_release(&one);
	buf_release(&other);
	return 0;
}
