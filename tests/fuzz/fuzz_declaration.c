/*
 * fuzz_declaration: an accepted statement is within its bounds, and printed it
 * is the same; what an objection says beside a record is its own text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "credit/declaration.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
look_beside(struct span text)
{
	struct json *objection = json_parse(text, NULL);
	struct span said = declaration_about(objection, 11,
	    span_of("a\x1f"
		    "b"));

	if (said.ptr != NULL &&
	    !span_equal(said, json_text(json_find(objection, "statement"))))
		abort();
	(void)declaration_is_due(objection);
	json_free(objection);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct declaration read, again;
	struct buf text = {0};

	look_beside(span_make(data, size));
	if (declaration_parse(span_make(data, size), &read, NULL) != ERR_OK)
		return 0;
	if (!consent_id_is_valid(span_of(read.objection)) ||
	    read.text[0] == '\0')
		abort();
	declaration_print(&read, &text);
	if (declaration_parse(buf_span(&text), &again, NULL) != ERR_OK ||
	    strcmp(read.text, again.text) != 0 ||
	    read.time_us / 1000 != again.time_us / 1000)
		abort();
	buf_release(&text);
	return 0;
}
