/*
 * holder: which platforms may hold a subject, by the member list.
 */
#include "credit/holder.h"

#include <string.h>

enum rank {
	RANK_CITY,
	RANK_PROVINCE,
	RANK_ABOVE,
	RANK_NATION,
	RANK_NONE
};

static bool
begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool
is_above(const char *division, const struct member *self)
{
	size_t i;

	for (i = 0; i < self->division_count; i++)
		if (strlen(division) < strlen(self->divisions[i]) &&
		    begins(self->divisions[i], division))
			return true;
	return false;
}

static enum rank
rank_division(const char *division, const struct member *self, const char *hint)
{
	if (division[0] == '\0')
		return RANK_NATION;
	if (begins(hint, division))
		return strlen(division) > 2 ? RANK_CITY : RANK_PROVINCE;
	return is_above(division, self) ? RANK_ABOVE : RANK_NONE;
}

static enum rank
rank_of(
    const struct member *member, const struct member *self, const char *hint)
{
	enum rank best = RANK_NONE, rank;
	size_t i;

	if (member->kind != MEMBER_PLATFORM ||
	    member->status != MEMBER_ACTIVE || member->url[0] == '\0' ||
	    strcmp(member->code, self->code) == 0)
		return RANK_NONE;
	for (i = 0; i < member->division_count; i++) {
		rank = rank_division(member->divisions[i], self, hint);
		if (rank < best)
			best = rank;
	}
	return best;
}

size_t
holders_find(const struct member *members, size_t count,
    const struct member *self, const char *hint,
    const struct member *found[HOLDERS_MAX])
{
	size_t taken = 0, i;
	int rank;

	for (rank = RANK_CITY; rank < RANK_NONE; rank++)
		for (i = 0; i < count && taken < HOLDERS_MAX; i++)
			if (rank_of(&members[i], self, hint) == (enum rank)rank)
				found[taken++] = &members[i];
	return taken;
}
