/*
 * fuzz_search: whatever is asked of whatever card: who fits is filed under all
 * terms of the plan.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "credit/search.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct expectation {
	const struct search_plan *plan;
	bool found[SEARCH_TERMS_MAX];
};

static void
expect_term(void *context, struct span term)
{
	struct expectation *expected = context;
	size_t i, len;

	for (i = 0; i < expected->plan->count; i++) {
		len = strlen(expected->plan->terms[i]);
		if (term.len < len ||
		    (term.len > len && !expected->plan->scans))
			continue;
		if (memcmp(term.ptr, expected->plan->terms[i], len) == 0)
			expected->found[i] = true;
	}
}

static void
look(const struct search *search, const struct card *card)
{
	struct search_plan plan;
	struct expectation expected = {.plan = &plan};
	size_t i;

	search_make_plan(search, &plan);
	card_each_term(card, expect_term, &expected);
	for (i = 0; search_fits(search, card) && i < plan.count; i++) {
		if (!expected.found[i])
			abort();
	}
}

/* The name asked for, a line end, the name that there is. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct search_fields fields = {.name = 1};
	const char *end = size > 0 ? memchr(data, '\n', size) : NULL;
	struct record_field field = {.number = 1};
	struct record record = {.fields = &field, .field_count = 1};
	struct search_words words = {0};
	struct search search;
	struct buf bytes = {0};
	struct card card;
	char asked[512];

	(void)card_parse(span_make(data, size), &card);
	if (end == NULL)
		return 0;
	snprintf(asked, sizeof(asked), "%.*s", (int)(end - (const char *)data),
	    (const char *)data);
	field.value =
	    span_make(end + 1, size - (size_t)(end + 1 - (const char *)data));
	words.name = asked;
	words.match = size % 3 == 0 ? "prefix" : size % 3 == 1 ? "exact" : NULL;
	if (!text_is_utf8(field.value) ||
	    search_parse(&words, &search, NULL) != ERR_OK)
		return 0;
	card_print(&fields, &record, &bytes);
	if (card_parse(buf_span(&bytes), &card))
		look(&search, &card);
	buf_release(&bytes);
	return 0;
}
