/*
 * catalog_limit: the catalogue's section "limits".
 */
#include "credit/catalog_limit.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "credit/catalog_inner.h"
#include "credit/limit.h"

const struct limits *
catalog_limits(const struct catalog *catalog)
{
	return catalog->limits;
}

/* 0 when it is absent. */
static uint32_t
load_number(struct loader *loader, const struct json *from, const char *name,
    int64_t max)
{
	if (json_find(from, name) == NULL)
		return 0;
	return (uint32_t)loader_need_int(loader, from, name, 1, max);
}

static unsigned
load_kinds(struct loader *loader, const struct json *from)
{
	const char *const *at = loader_texts(loader, from, "kinds");
	unsigned bits = 0, kind;

	for (; *at != NULL; at++) {
		for (kind = MEMBER_DEPARTMENT; kind <= MEMBER_SUBJECT; kind++)
			if (strcmp(*at,
				member_kind_name((enum member_kind)kind)) == 0)
				break;
		if (kind > MEMBER_SUBJECT)
			loader_refuse(loader, "kinds", "no such kind");
		else
			bits |= 1u << kind;
	}
	return bits;
}

static unsigned
load_purposes(struct loader *loader, const struct json *from)
{
	const char *const *at = loader_texts(loader, from, "purposes");
	unsigned bits = 0;
	enum purpose purpose;

	for (; *at != NULL; at++) {
		purpose = purpose_parse(span_of(*at));
		if (purpose == PURPOSE_NONE)
			loader_refuse(loader, "purposes", "no such purpose");
		bits |= 1u << purpose;
	}
	return bits;
}

static void
load_members(
    struct loader *loader, const struct json *from, struct limit *limit)
{
	const char *const *at;

	limit->members = loader_texts(loader, from, "members");
	for (at = limit->members; *at != NULL; at++)
		if (!member_code_is_valid(span_of(*at)))
			loader_refuse(loader, "members", "not a member's code");
}

static void
put_policy(struct buf *text, const char *name, const char *what, uint32_t quota,
    uint32_t window_s)
{
	if (quota == 0)
		return;
	buf_print(text, "%s\"%s%s\";q=%u;w=%u", text->len > 0 ? ", " : "", name,
	    what, quota, window_s);
}

static const char *
print_policy(struct loader *loader, const struct limit *limit)
{
	struct buf text = {0};
	const char *kept;

	if (limit->per_minute > 0)
		put_policy(&text, limit->name, "", limit->burst,
		    limit_window_s(limit));
	put_policy(&text, limit->name, "-day", limit->per_day, 86400);
	put_policy(
	    &text, limit->name, "-subjects", limit->subjects_per_day, 86400);
	if (limit->subjects_per_day > 0)
		buf_text(&text, ";qu=\"subjects\"");
	kept = arena_text(loader->arena, buf_cstr(&text), text.len);
	buf_release(&text);
	return kept;
}

static void
load_limit(struct loader *loader, const struct json *from, struct limit *limit)
{
	static const char *const members[] = {"name", "kinds", "purposes",
	    "members", "per_minute", "burst", "per_day", "subjects_per_day",
	    NULL};

	loader_check_members(loader, from, members);
	limit->name = loader_need_name(loader, from, "name");
	if (strlen(limit->name) > LIMIT_NAME_MAX)
		loader_refuse(loader, "name", "longer than 40 characters");
	limit->kinds = load_kinds(loader, from);
	limit->purposes = load_purposes(loader, from);
	load_members(loader, from, limit);
	limit->per_minute =
	    load_number(loader, from, "per_minute", LIMIT_MINUTE_MAX);
	limit->burst = load_number(loader, from, "burst", LIMIT_MINUTE_MAX);
	limit->per_day = load_number(loader, from, "per_day", LIMIT_DAY_MAX);
	limit->subjects_per_day =
	    load_number(loader, from, "subjects_per_day", LIMIT_SUBJECTS_MAX);
	if ((limit->per_minute == 0) != (limit->burst == 0))
		loader_refuse(
		    loader, "burst", "per_minute and burst go together");
	if (!loader->failed)
		limit->policy = print_policy(loader, limit);
}

static bool
is_named_before(const struct limit *list, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(list[i].name, name) == 0)
			return true;
	return false;
}

void
catalog_load_limit_rules(struct loader *loader, const struct json *document)
{
	const struct json *from = json_find(document, "limits");
	size_t i,
	    count = loader_count(loader, document, "limits", LIMIT_RULES_MAX);
	struct limits *limits;
	struct limit *list;

	if (from == NULL || loader->failed)
		return;
	limits = arena_take(loader->arena, sizeof(*limits));
	list = arena_take(loader->arena, (count + 1) * sizeof(*list));
	for (i = 0; i < count && !loader->failed; i++) {
		snprintf(loader->where, sizeof(loader->where),
		    "limit at %zu: ", i + 1);
		load_limit(loader, json_at(from, i), &list[i]);
		if (!loader->failed && is_named_before(list, i, list[i].name))
			loader_refuse(loader, "name", "there twice");
	}
	limits->list = list;
	limits->count = count;
	loader->catalog->limits = limits;
}
