/*
 * Any cell of any type (first byte): what comes out is canonical, so that it
 * comes out again as it is.
 */
#include <assert.h>
#include <stdint.h>

#include "base/text.h"
#include "credit/value.h"
#include "tests/unit/sample_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct catalog *catalog;
	struct buf once = {0}, twice = {0};
	struct field field = {.max = 100, .unit = "%", .currency_to = "c"};
	struct span raw;
	char currency[4];

	if (size == 0 || data[0] > FIELD_USCC)
		return 0;
	raw = span_make(data + 1, size - 1);
	if (!text_is_utf8(raw))
		return 0;
	if (catalog == NULL)
		catalog = catalog_parse(span_of(SAMPLE_CATALOG), NULL);
	field.type = (enum field_type)data[0];
	field.codes = catalog_find_codes(catalog, "level");
	if (value_normalise(&field, raw, &once, currency) == VALUE_OK) {
		assert(once.len > 0);
		assert(value_normalise(&field, buf_span(&once), &twice,
			   currency) == VALUE_OK);
		assert(span_equal(buf_span(&once), buf_span(&twice)));
	} else {
		assert(once.len == 0);
	}
	buf_release(&once);
	buf_release(&twice);
	return 0;
}
