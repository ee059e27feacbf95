/*
 * fuzz_question: an accepted question is within its contract, and the quick
 * way to it finds what the other finds.
 */
#include <stdint.h>
#include <stdlib.h>

#include "credit/question.h"
#include "credit/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
compare(struct span json)
{
	struct question plain, question;

	if (question_parse_plain(json, &plain) &&
	    (question_parse_json(json, &question, NULL) != ERR_OK ||
		memcmp(&plain, &question, sizeof(plain)) != 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct question question;
	struct why why;
	size_t i;

	compare(span_make(data, size));
	if (question_parse(span_make(data, size), &question, &why) != ERR_OK)
		return 0;
	if (question.token[0] != '\0'
		? question.subject[0] != '\0' ||
		      !token_is_valid(span_of(question.token))
		: uscc_check(span_of(question.subject)) != USCC_OK)
		abort();
	if (question.form != QUESTION_REPORT ||
	    question.purpose == PURPOSE_NONE ||
	    question.item_count > QUESTION_ITEMS_MAX)
		abort();
	for (i = 0; i < question.item_count; i++) {
		if (question.items[i] == 0 ||
		    (i > 0 && question.items[i] <= question.items[i - 1]))
			abort();
	}
	return 0;
}
