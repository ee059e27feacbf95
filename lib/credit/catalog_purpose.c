/*
 * catalog_purpose: the catalogue's section "purposes".
 */
#include "credit/catalog_purpose.h"

#include <stdio.h>

#include "credit/catalog_inner.h"
#include "credit/purpose.h"

static void
let_item(struct loader *loader, uint32_t number, unsigned bit)
{
	struct catalog *catalog = loader->catalog;
	size_t i;

	for (i = 0; i < catalog->item_count; i++) {
		if (catalog->items[i].number == number) {
			catalog->items[i].purposes |= bit;
			return;
		}
	}
	loader_refuse(loader, "items", "no such item");
}

static void
let_category(struct loader *loader, uint32_t number, unsigned bit)
{
	struct catalog *catalog = loader->catalog;
	size_t i;

	if (catalog_find_category(catalog, number) == NULL)
		loader_refuse(loader, "categories", "no such category");
	for (i = 0; i < catalog->item_count; i++) {
		if (catalog->items[i].category == number)
			catalog->items[i].purposes |= bit;
	}
}

static void
let_all(struct loader *loader, const struct json *from, const char *name,
    unsigned bit)
{
	size_t i, count = loader_count(loader, from, name, 4096);
	int64_t number;

	for (i = 0; i < count && !loader->failed; i++) {
		number = json_int(json_at(json_find(from, name), i), 0);
		if (number < 1 || number > CATALOG_ITEM_MAX)
			loader_refuse(loader, name, "not a number");
		else if (*name == 'i')
			let_item(loader, (uint32_t)number, bit);
		else
			let_category(loader, (uint32_t)number, bit);
	}
}

/* A purpose that is listed touches what it lists and nothing else.  Oneself
 * sees all of one's own, which is no catalogue's to change. */
static void
load_purpose(struct loader *loader, const struct json *from, unsigned *listed)
{
	static const char *const members[] = {
	    "purpose", "items", "categories", NULL};
	const char *name;
	enum purpose purpose;
	size_t i;

	loader_check_members(loader, from, members);
	name = loader_need_name(loader, from, "purpose");
	purpose = purpose_parse(span_of(name));
	if (purpose == PURPOSE_NONE || purpose == PURPOSE_SELF)
		loader_refuse(loader, "purpose", "no such purpose");
	if ((*listed & 1u << purpose) != 0)
		loader_refuse(loader, "purpose", "listed twice");
	if (loader->failed)
		return;
	*listed |= 1u << purpose;
	for (i = 0; i < loader->catalog->item_count; i++)
		loader->catalog->items[i].purposes &= ~(1u << purpose);
	let_all(loader, from, "items", 1u << purpose);
	let_all(loader, from, "categories", 1u << purpose);
}

void
catalog_load_purposes(struct loader *loader, const struct json *document)
{
	size_t i,
	    count = loader_count(loader, document, "purposes", PURPOSE_COUNT);
	unsigned listed = 0;

	for (i = 0; i < loader->catalog->item_count; i++)
		loader->catalog->items[i].purposes = ~0u;
	for (i = 0; i < count && !loader->failed; i++) {
		snprintf(loader->where, sizeof(loader->where),
		    "purpose at %zu: ", i + 1);
		load_purpose(loader,
		    json_at(json_find(document, "purposes"), i), &listed);
	}
}
