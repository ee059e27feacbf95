/*
 * fuzz_material: an accepted file is within its bounds, and printed it is the
 * same; its kind is told from any bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "credit/material.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = span_make((const char *)data, size);
	struct material read, again;
	struct buf text = {0};

	(void)material_type(bytes);
	if (material_parse(bytes, &read, NULL) != ERR_OK)
		return 0;
	if (!consent_id_is_valid(span_of(read.objection)) || read.size == 0 ||
	    read.size > MATERIAL_BYTES_MAX)
		abort();
	material_print(&read, &text);
	if (text.len > MATERIAL_MAX ||
	    material_parse(buf_span(&text), &again, NULL) != ERR_OK ||
	    memcmp(&read, &again, sizeof(read)) != 0)
		abort();
	buf_release(&text);
	return 0;
}
