/*
 * fuzz_source: what is accepted keeps its limits.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "credit/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct source *source)
{
	size_t i;

	if (source->name[0] == '\0' || strpbrk(source->name, " :\"\n") != NULL)
		abort();
	if (source->item == 0 || source->department[0] == '\0' ||
	    source->conninfo[0] == '\0' || source->table[0] == '\0' ||
	    source->schema[0] == '\0')
		abort();
	if (source->order_count < 1 ||
	    source->order_count > 1 + SOURCE_KEYS_MAX ||
	    source->column_count > SOURCE_COLUMNS_MAX)
		abort();
	for (i = 0; i < source->order_count; i++)
		if (strlen(source->order[i]) > SOURCE_COLUMN_MAX)
			abort();
	for (i = 0; i < source->column_count; i++)
		if (strlen(source->columns[i].column) > SOURCE_COLUMN_MAX)
			abort();
	if (source->rows < 1 || source->rows > SOURCE_ROWS_MAX ||
	    source->every_seconds < 1 || source->timeout_seconds < 1)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sources sources;
	size_t i;

	if (sources_parse(span_make(data, size), &sources, NULL) != ERR_OK)
		return 0;
	for (i = 0; i < sources.count; i++)
		check(&sources.list[i]);
	sources_release(&sources);
	return 0;
}
