/*
 * fuzz_question: an accepted question is within its contract.
 */
#include <stdint.h>
#include <stdlib.h>

#include "credit/question.h"
#include "credit/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct question question;
	struct why why;
	size_t i;

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
