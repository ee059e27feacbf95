/*
 * catalog_abuse: the catalogue's section "alerts".
 */
#include "credit/catalog_abuse.h"

#include <stdio.h>

#include "credit/abuse.h"
#include "credit/catalog_inner.h"

#define LEAST_MAX 1000000

const struct abuse_rules *
catalog_abuse(const struct catalog *catalog)
{
	return catalog->abuse;
}

static void
load_share(struct loader *loader, const struct json *from, const char *name,
    struct abuse_share *share)
{
	static const char *const members[] = {"least", "percent", NULL};
	const struct json *object = json_find(from, name);

	if (object == NULL)
		return;
	loader_check_members(loader, object, members);
	share->least =
	    (uint32_t)loader_need_int(loader, object, "least", 1, LEAST_MAX);
	share->percent =
	    (uint32_t)loader_need_int(loader, object, "percent", 0, 100);
}

static void
load_least(struct loader *loader, const struct json *from,
    struct abuse_rules *rules, enum abuse_kind kind)
{
	const char *name = abuse_name(kind);

	if (json_find(from, name) != NULL)
		rules->least[kind] =
		    (uint32_t)loader_need_int(loader, from, name, 1, LEAST_MAX);
}

void
catalog_load_abuse(struct loader *loader, const struct json *document)
{
	static const char *const members[] = {"subjects_not_held", "refusals",
	    "sequential_codes", "limits_met", "near_statistics",
	    "consent_places", NULL};
	const struct json *from = json_find(document, "alerts");
	struct abuse_rules *rules;
	unsigned kind;

	if (from == NULL || loader->failed)
		return;
	snprintf(loader->where, sizeof(loader->where), "alerts: ");
	loader_check_members(loader, from, members);
	rules = arena_take(loader->arena, sizeof(*rules));
	load_share(loader, from, abuse_name(ABUSE_NOT_HELD), &rules->not_held);
	load_share(loader, from, abuse_name(ABUSE_REFUSED), &rules->refused);
	for (kind = ABUSE_SEQUENTIAL; kind < ABUSE_COUNT; kind++)
		load_least(loader, from, rules, (enum abuse_kind)kind);
	loader->catalog->abuse = rules;
}
