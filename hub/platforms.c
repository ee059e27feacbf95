/*
 * platforms: the platform list (名单) as one round of changes sees it.
 */
#include "hub/platforms.h"

#include "base/log.h"
#include "base/mem.h"

struct platforms {
	struct member *list;
	size_t count, size;
};

static struct member *
find(const struct platforms *platforms, const char *code)
{
	size_t i;

	for (i = 0; i < platforms->count; i++)
		if (strcmp(platforms->list[i].code, code) == 0)
			return &platforms->list[i];
	return NULL;
}

static struct member *
add(struct platforms *platforms)
{
	if (platforms->count == platforms->size) {
		platforms->size =
		    platforms->size == 0 ? 64 : platforms->size * 2;
		platforms->list = mem_grow(platforms->list,
		    platforms->size * sizeof(*platforms->list));
	}
	return &platforms->list[platforms->count++];
}

struct platforms *
platforms_load(struct pg *pg, struct why *why)
{
	struct platforms *platforms;
	struct member member;
	size_t i;

	/* The text is the hub's own print of it. */
	pg_query(pg, "SELECT fields->>'document' FROM record"
		     " WHERE stream = '0000' AND item = 60002 AND state <> 4"
		     " AND fields->>'document' LIKE '%\"kind\":\"platform\"%'");
	if (pg_has_failed(pg)) {
		(void)why_set(why, ERR_DATABASE, "members: %s", pg_why(pg));
		return NULL;
	}
	platforms = mem_new(sizeof(*platforms));
	for (i = 0; i < pg_rows(pg); i++) {
		if (member_parse(pg_bytes(pg, i, 0), &member, why) != ERR_OK)
			log_error("members.unreadable", "why=%s", why->text);
		else if (member.kind == MEMBER_PLATFORM)
			*add(platforms) = member;
	}
	return platforms;
}

void
platforms_free(struct platforms *platforms)
{
	if (platforms == NULL)
		return;
	mem_free(platforms->list);
	mem_free(platforms);
}

const struct member *
platforms_find(const struct platforms *platforms, const char *code)
{
	return find(platforms, code);
}

/* Do its keys open the bus? */
static bool
is_admitted(const struct member *member)
{
	return member->kind == MEMBER_PLATFORM &&
	       member->status == MEMBER_ACTIVE;
}

static enum err
compare(
    const struct member *member, const struct member *other, struct why *why)
{
	const char *division = member_rival_division(member, other);

	if (division != NULL)
		return why_set(why, ERR_CONFLICT, "%s has division %s",
		    other->code, division);
	if (is_admitted(member) && is_admitted(other) &&
	    (member_has_key(other, member->curve_key) ||
		member_has_key(other, member->next_curve_key)))
		return why_set(
		    why, ERR_CONFLICT, "%s has this curve_key", other->code);
	return ERR_OK;
}

static bool
is_among(const struct member *list, size_t count, const char *code)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(list[i].code, code) == 0)
			return true;
	return false;
}

/* `list` beside those that it does not replace, and beside itself. */
static enum err
judge(const struct platforms *platforms, const struct member *list,
    size_t count, struct why *why)
{
	enum err err = ERR_OK;
	size_t i, j;

	for (i = 0; i < count && err == ERR_OK; i++) {
		for (j = 0; j < platforms->count && err == ERR_OK; j++)
			if (!is_among(list, count, platforms->list[j].code))
				err =
				    compare(&list[i], &platforms->list[j], why);
		for (j = 0; j < i && err == ERR_OK; j++)
			err = compare(&list[i], &list[j], why);
	}
	return err;
}

enum err
platforms_put(struct platforms *platforms, const struct member *list,
    size_t count, struct why *why)
{
	enum err err = judge(platforms, list, count, why);
	struct member *place;
	size_t i;

	for (i = 0; i < count && err == ERR_OK; i++) {
		place = find(platforms, list[i].code);
		if (place == NULL && list[i].kind == MEMBER_PLATFORM)
			place = add(platforms);
		if (place != NULL)
			*place = list[i];
	}
	return err;
}
