/*
 * page: a credit report as people read it, neither HTML nor PDF yet.
 */
#include "credit/page_inner.h"

#include <string.h>

#include "base/clock.h"

const char *
page_say(const struct page *page, const char *zh, const char *en)
{
	return page->language == PAGE_ZH || en[0] == '\0' ? zh : en;
}

const char *
page_keep(struct page *page, struct buf *text)
{
	const char *kept = arena_text(page->arena, text->data, text->len);

	buf_release(text);
	return kept;
}

void
page_put(struct page *page, enum page_kind kind, enum page_mark mark,
    const char *label, const char *text)
{
	if (page->count == page->size) {
		page->size = page->size == 0 ? 256 : page->size * 2;
		page->lines =
		    mem_grow(page->lines, page->size * sizeof(*page->lines));
	}
	page->lines[page->count++] =
	    (struct page_line){kind, mark, label, text};
}

void
page_put_fact(struct page *page, const char *label, const char *text)
{
	page_put(page, PAGE_FACT, PAGE_PLAIN, label, text);
}

void
page_put_section(struct page *page, const char *text)
{
	page_put(page, PAGE_SECTION, PAGE_PLAIN, "", text);
}

const char *
page_text_of(struct page *page, const struct json *object, const char *name)
{
	const char *text = json_cstr(json_find(object, name), "");

	return arena_text(page->arena, text, strlen(text));
}

static const char *
page_east(struct page *page, const struct json *object, const char *name,
    size_t length)
{
	const char *text = page_text_of(page, object, name);
	char out[CLOCK_TEXT_MAX];
	int64_t time_us;

	if (clock_parse(span_of(text), &time_us) != ERR_OK)
		return text;
	clock_print_east(time_us, out);
	return arena_text(page->arena, out, length);
}

const char *
page_time_of(struct page *page, const struct json *object, const char *name)
{
	return page_east(page, object, name, sizeof("2026-03-28 16:00:00") - 1);
}

const char *
page_day_of(struct page *page, const struct json *object, const char *name)
{
	return page_east(page, object, name, sizeof("2026-03-28") - 1);
}

const struct item *
page_item_of(const struct page *page, const struct json *entry)
{
	int64_t number = json_int(json_find(entry, "item"), 0);

	if (page->catalog == NULL || number < 1 || number > CATALOG_ITEM_MAX)
		return NULL;
	return catalog_find_item(page->catalog, (uint32_t)number);
}
struct page *
page_new(struct span report, const struct catalog *catalog,
    const struct page_seal *seal, enum page_language language, struct why *why)
{
	struct json *document = json_parse(report, why);
	struct page *page;

	if (document == NULL)
		return NULL;
	if (!json_is_array(json_find(document, "items")) ||
	    !json_is_object(json_find(document, "asked"))) {
		json_free(document);
		why_set(why, ERR_INVALID, "not a report");
		return NULL;
	}
	page = mem_new(sizeof(*page));
	page->arena = arena_new();
	page->language = language;
	page->catalog = catalog;
	page->report = document;
	page->time = page_text_of(page, json_find(document, "asked"), "time");
	page_put_question(page);
	page_put_items(page);
	page_put_end(page, seal);
	json_free(document);
	page->report = NULL;
	return page;
}

void
page_free(struct page *page)
{
	if (page == NULL)
		return;
	arena_free(page->arena);
	mem_free(page->lines);
	mem_free(page);
}

enum page_language
page_language(const struct page *page)
{
	return page->language;
}

const struct page_line *
page_lines(const struct page *page, size_t *count)
{
	*count = page->count;
	return page->lines;
}

const char *
page_time(const struct page *page)
{
	return page->time;
}

const char *
page_mark_text(enum page_mark mark, enum page_language language)
{
	static const char *const zh[] = {[PAGE_PLAIN] = "",
	    [PAGE_POSITIVE] = "[正面]",
	    [PAGE_NEGATIVE] = "[负面]",
	    [PAGE_DISPUTED] = "[异议中]",
	    [PAGE_REPAIRED] = "[已修复]"};
	static const char *const en[] = {[PAGE_PLAIN] = "",
	    [PAGE_POSITIVE] = "[positive]",
	    [PAGE_NEGATIVE] = "[negative]",
	    [PAGE_DISPUTED] = "[disputed]",
	    [PAGE_REPAIRED] = "[repaired]"};

	return language == PAGE_ZH ? zh[mark] : en[mark];
}
