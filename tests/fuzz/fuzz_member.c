/*
 * fuzz_member: what is accepted as a member prints and parses to the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "credit/member.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct member member, again;
	struct buf text = {0};
	struct why why;

	if (member_parse(span_make(data, size), &member, &why) != ERR_OK)
		return 0;
	member_print(&member, &text);
	if (member_parse(buf_span(&text), &again, &why) != ERR_OK ||
	    memcmp(&member, &again, sizeof(member)) != 0)
		abort();
	buf_release(&text);
	return 0;
}
