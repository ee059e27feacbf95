/*
 * fuzz_holder_answer: what is passed on is an object that can be written on,
 * about the subject, with a receipt.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "wire/holder_answer.h"

#define SUBJECT "91440101MA5CUY37JD"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct https_answer *answer, const struct access_asked *asked)
{
	struct buf text = {0};
	struct json *root;

	buf_add(&text, answer->body.ptr, answer->body.len);
	buf_text(&text, ",\"elsewhere\":{}}");
	root = json_parse(buf_span(&text), NULL);
	if (!asked->answered || json_find(root, "elsewhere") == NULL)
		abort();
	if (answer->status == 200 &&
	    !span_is(json_text(json_find(root, "subject")), SUBJECT))
		abort();
	json_free(root);
	buf_release(&text);
}

/* The first byte: status and type; the rest: the body. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {200, 403, 404, 429, 503, 302, 0, 500};
	struct https_answer answer = {.content_type = "application/json"};
	struct access_asked asked = {0};
	const char *fault;
	enum holder_end end;

	if (size == 0)
		return 0;
	answer.status = statuses[data[0] % 8];
	if ((data[0] & 8) != 0)
		answer.content_type = "application/problem+json";
	answer.body = span_make(data + 1, size - 1);
	end = holder_judge(&answer, SUBJECT, &asked, &fault);
	if (end == HOLDER_ANSWERED || end == HOLDER_NOT_HELD)
		check(&answer, &asked);
	else if ((end == HOLDER_FAILED) != (fault != NULL))
		abort();
	return 0;
}
