/*
 * fuzz_inclusion: a receipt that is read says the same when it is printed, and
 * a proof of any length leads somewhere without harm.
 */
#include <stdint.h>
#include <stdlib.h>

#include "credit/inclusion.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct inclusion inclusion, again;
	struct buf note = {0}, text = {0}, other = {0};
	struct digest root = {{0}};
	struct why why;

	if (inclusion_parse(span_make(data, size), &inclusion, &note, &why) !=
	    ERR_OK)
		goto out;
	(void)inclusion_holds(&inclusion, &root);
	inclusion_print(&inclusion, &text);
	if (text.len > INCLUSION_MAX)
		goto out;
	if (inclusion_parse(buf_span(&text), &again, &other, &why) != ERR_OK ||
	    again.index != inclusion.index || again.size != inclusion.size ||
	    again.proof.count != inclusion.proof.count ||
	    !span_equal(again.checkpoint, inclusion.checkpoint))
		abort();
out:
	buf_release(&note);
	buf_release(&text);
	buf_release(&other);
	return 0;
}
