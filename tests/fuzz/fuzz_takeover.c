/*
 * fuzz_takeover: whatever is asked for, divisions are neither lost nor doubled.
 */
#include <stdint.h>
#include <stdlib.h>

#include "credit/takeover.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct member from = {.code = "sz",
	    .kind = MEMBER_PLATFORM,
	    .divisions = {"44", "4403", ""},
	    .division_count = 3};
	struct member to = {.code = "gz",
	    .kind = MEMBER_PLATFORM,
	    .status = MEMBER_ACTIVE,
	    .divisions = {"4401"},
	    .division_count = 1};
	struct takeover takeover;
	struct why why;

	if (takeover_parse(span_make(data, size), &takeover, &why) != ERR_OK)
		return 0;
	if (takeover_apply(&takeover, &from, &to, &why) == ERR_OK &&
	    (from.division_count + to.division_count != 4 ||
		member_rival_division(&from, &to) != NULL))
		abort();
	return 0;
}
