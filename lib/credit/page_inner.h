/*
 * page_inner: what the makers of a page's parts share.
 */
#ifndef CREDIT_PAGE_INNER_H
#define CREDIT_PAGE_INNER_H

#include "base/mem.h"
#include "credit/page.h"

struct page {
	struct arena *arena;
	enum page_language language;
	const struct catalog *catalog;
	struct json *report; /* until the page is made */
	struct page_line *lines;
	size_t count, size;
	const char *time;
};

/* In the page's language; English where there is any. */
const char *page_say(const struct page *page, const char *zh, const char *en);
/* The page becomes the owner of the text. */
const char *page_keep(struct page *page, struct buf *text);
/* A copy that lives as long as the page; "" when there is no such member. */
const char *page_text_of(
    struct page *page, const struct json *object, const char *name);
/* A time of the document as people in China read it, and its day there; a text
 * that is no time as it is. */
const char *page_time_of(
    struct page *page, const struct json *object, const char *name);
const char *page_day_of(
    struct page *page, const struct json *object, const char *name);
/* The item that an entry of the report is about; NULL: not in the catalogue. */
const struct item *page_item_of(
    const struct page *page, const struct json *entry);

/* Label and text are borrowed until page_free. */
void page_put(struct page *page, enum page_kind kind, enum page_mark mark,
    const char *label, const char *text);
void page_put_fact(struct page *page, const char *label, const char *text);
void page_put_section(struct page *page, const char *text);

/* page_items.c: the summary, then what is known, by category. */
void page_put_items(struct page *page);
/* page_frame.c: what stands before and behind that. */
void page_put_question(struct page *page);
void page_put_end(struct page *page, const struct page_seal *seal);

#endif
