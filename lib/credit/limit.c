/*
 * limit: how much a member may ask at one node.
 */
#include "credit/limit.h"

#include <string.h>

static bool
names(const struct limit *limit, const char *code)
{
	const char *const *at = limit->members;

	for (; *at != NULL; at++) {
		if (strcmp(*at, code) == 0)
			return true;
	}
	return at == limit->members;
}

const struct limit *
limits_find(const struct limits *limits, const char *code,
    const struct member *member, enum purpose purpose)
{
	unsigned kind = member != NULL ? 1u << member->kind : 0;
	const struct limit *limit;
	size_t i;

	for (i = 0; limits != NULL && i < limits->count; i++) {
		limit = &limits->list[i];
		if ((limit->kinds == 0 || (limit->kinds & kind) != 0) &&
		    (limit->purposes == 0 ||
			(limit->purposes & 1u << purpose) != 0) &&
		    names(limit, code))
			return limit;
	}
	return NULL;
}

uint32_t
limit_window_s(const struct limit *limit)
{
	uint64_t ms = (uint64_t)limit->burst * 60000 / limit->per_minute;

	return (uint32_t)((ms + 999) / 1000);
}
