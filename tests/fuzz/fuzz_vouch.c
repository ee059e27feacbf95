/*
 * fuzz_vouch: an accepted vouch is within its contract, and printed it is the
 * same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "credit/question.h"
#include "credit/vouch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
print_again(const struct vouch *vouch, const struct buf *question)
{
	struct buf text = {0}, asked = {0};
	struct vouch again;

	vouch_print(vouch, buf_span(question), &text);
	if (text.len <= VOUCH_MAX &&
	    (vouch_parse(buf_span(&text), &again, &asked, NULL) != ERR_OK ||
		memcmp(&again, vouch, sizeof(again)) != 0 ||
		!span_equal(buf_span(&asked), buf_span(question))))
		abort();
	buf_release(&text);
	buf_release(&asked);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf question = {0}, printed = {0};
	struct question read;
	struct vouch vouch;

	if (vouch_parse(span_make(data, size), &vouch, &question, NULL) ==
	    ERR_OK) {
		if (vouch.action < VOUCH_REPORT ||
		    vouch.action > VOUCH_ACCESSES ||
		    strlen(vouch.certificate) != DIGEST_HEX_LEN)
			abort();
		print_again(&vouch, &question);
		if (question_parse(buf_span(&question), &read, NULL) ==
			ERR_OK &&
		    read.token[0] == '\0') {
			question_print(&read, &printed);
			if (question_parse(buf_span(&printed), &read, NULL) !=
			    ERR_OK)
				abort();
		}
	}
	buf_release(&question);
	buf_release(&printed);
	return 0;
}
