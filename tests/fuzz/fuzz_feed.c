/*
 * Any bytes as a department's batch.  The first byte chooses format, charset,
 * item and the size of the pieces.
 */
#include <assert.h>
#include <stdint.h>

#include "base/text.h"
#include "credit/feed.h"
#include "credit/uscc.h"
#include "tests/unit/sample_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What an accepted row promises. */
static void
check_row(void *context, const struct feed_row *row)
{
	const struct record *record = &row->record;
	size_t i;

	(void)context;
	if (!row->accepted) {
		assert(row->finding_count > 0);
		assert(!row->past ||
		       (row->identified && record->field_count == 0));
		return;
	}
	assert(!row->past);
	assert(uscc_check(record->subject) == USCC_OK);
	assert(record->key.len <= RECORD_KEY_MAX);
	assert(strlen(row->stream) == STREAM_LEN);
	for (i = 0; i < row->finding_count; i++)
		assert(row->findings[i].severity == FINDING_WARN);
	for (i = 0; i < record->field_count; i++) {
		assert(i == 0 ||
		       record->fields[i].number > record->fields[i - 1].number);
		assert(record->fields[i].value.len > 0);
		assert(text_is_utf8(record->fields[i].value));
	}
}

/* Every other old number is known. */
static struct span
find_code(void *context, uint64_t line)
{
	(void)context;
	return span_of(line % 2 == 0 ? "914403001922038216" : "");
}

static void
feed(const struct feed_settings *settings, struct span bytes, size_t piece)
{
	struct feed_reader *reader = feed_reader_new(settings);
	enum err err = ERR_OK;
	size_t at, len;

	for (at = 0; at < bytes.len && err == ERR_OK; at += len) {
		len = bytes.len - at < piece ? bytes.len - at : piece;
		err = feed_reader_feed(reader, span_make(bytes.ptr + at, len));
	}
	if (feed_reader_end(reader) != ERR_OK)
		assert(feed_reader_why(reader)[0] != '\0');
	feed_reader_free(reader);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct catalog *catalog;
	struct feed_settings settings = {.row = check_row,
	    .code = find_code,
	    .now_us = INT64_C(1700000000000000)};

	if (size == 0)
		return 0;
	if (catalog == NULL)
		catalog = catalog_parse(span_of(SAMPLE_CATALOG), NULL);
	settings.catalog = catalog;
	settings.item = catalog_find_item(catalog, data[0] & 4 ? 8 : 1);
	settings.format = data[0] & 1 ? FEED_NDJSON : FEED_CSV;
	settings.charset = data[0] & 2 ? "gb18030" : "utf-8";
	feed(
	    &settings, span_make(data + 1, size - 1), data[0] & 8 ? 3 : 100000);
	return 0;
}
