/*
 * takeover: one platform takes divisions over from another (整合).
 */
#include "credit/takeover.h"

#include <string.h>

#include "base/json.h"
#include "credit/claims.h"

#define TAKEOVER_MAX 4096

enum err
takeover_parse(struct span json, struct takeover *takeover, struct why *why)
{
	static const char *const names[] = {"from", "divisions", NULL};
	struct takeover read = {0};
	struct claims claims;
	enum err err;

	claims_open(&claims, json, TAKEOVER_MAX, names, why);
	claims_text(&claims, "from", read.from, sizeof(read.from));
	claims_divisions(&claims, "divisions", MEMBER_LIST_MAX, read.divisions,
	    &read.division_count);
	if (claims_has(&claims, "divisions") && read.division_count == 0)
		claims_refuse(&claims, "divisions", "none is named");
	err = claims_close(&claims);
	if (err == ERR_OK)
		*takeover = read;
	return err;
}

void
takeover_print(const struct takeover *takeover, struct buf *out)
{
	struct json_out json = {.buf = out};
	size_t i;

	json_open_object(&json, NULL);
	json_put_cstr(&json, "from", takeover->from);
	if (takeover->division_count > 0) {
		json_open_array(&json, "divisions");
		for (i = 0; i < takeover->division_count; i++)
			json_put_cstr(&json, NULL, takeover->divisions[i]);
		json_close_array(&json);
	}
	json_close_object(&json);
}

/* False: the predecessor does not have it. */
static bool
drop_division(struct member *member, const char *division)
{
	size_t i = 0;

	while (i < member->division_count &&
	       strcmp(member->divisions[i], division) != 0)
		i++;
	if (i == member->division_count)
		return false;
	member->division_count--;
	memmove(member->divisions[i], member->divisions[i + 1],
	    (member->division_count - i) * sizeof(member->divisions[0]));
	memset(member->divisions[member->division_count], 0,
	    sizeof(member->divisions[0]));
	return true;
}

/* False: no room. */
static bool
add_division(struct member *member, const char *division)
{
	if (member_has_division(member, division))
		return true;
	if (member->division_count == MEMBER_LIST_MAX)
		return false;
	memcpy(member->divisions[member->division_count++], division,
	    strlen(division) + 1);
	return true;
}

static enum err
move_divisions(const struct takeover *wanted, struct member *predecessor,
    struct member *successor, struct why *why)
{
	size_t i;

	for (i = 0; i < wanted->division_count; i++) {
		if (!drop_division(predecessor, wanted->divisions[i]))
			return why_set(why, ERR_CONFLICT, "%s does not have %s",
			    predecessor->code, wanted->divisions[i]);
		if (!add_division(successor, wanted->divisions[i]))
			return why_set(why, ERR_CONFLICT,
			    "%s has too many divisions", successor->code);
	}
	return ERR_OK;
}

static void
name_all(struct takeover *wanted, const struct member *predecessor)
{
	memcpy(wanted->divisions, predecessor->divisions,
	    sizeof(wanted->divisions));
	wanted->division_count = predecessor->division_count;
}

enum err
takeover_apply(const struct takeover *takeover, struct member *predecessor,
    struct member *successor, struct why *why)
{
	struct member before = *predecessor, after = *successor;
	struct takeover wanted = *takeover;
	enum err err;

	if (strcmp(before.code, after.code) == 0)
		return why_set(why, ERR_CONFLICT, "from itself");
	if (before.kind != MEMBER_PLATFORM || after.kind != MEMBER_PLATFORM ||
	    after.status != MEMBER_ACTIVE)
		return why_set(why, ERR_CONFLICT,
		    "both must be platforms, the successor an active one");
	if (wanted.division_count == 0)
		name_all(&wanted, &before);
	if (wanted.division_count == 0)
		return why_set(
		    why, ERR_CONFLICT, "%s has no division", before.code);
	err = move_divisions(&wanted, &before, &after, why);
	if (err == ERR_OK) {
		*predecessor = before;
		*successor = after;
	}
	return err;
}
