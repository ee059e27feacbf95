/*
 * page_items: what a report knows, by category and item.
 */
#include <inttypes.h>
#include <string.h>

#include "credit/page_inner.h"

/* What a section holds, for the summary. */
struct tally {
	size_t records, negative, positive, disputed, repaired;
};

/* 1234567.00 as 1,234,567.00 */
static void
print_grouped(const char *text, struct buf *out)
{
	size_t whole = strcspn(text, "."), i = text[0] == '-' ? 1 : 0;
	size_t first = i;

	buf_add(out, text, i);
	for (; i < whole; i++) {
		if (i > first && (whole - i) % 3 == 0)
			buf_char(out, ',');
		buf_char(out, text[i]);
	}
	buf_text(out, text + whole);
}

static void
print_code(const struct page *page, const struct field *field, struct buf *text)
{
	const struct code *code = NULL;

	if (field->codes != NULL)
		code = code_list_find(field->codes, buf_span(text));
	if (code == NULL)
		return;
	buf_reset(text);
	buf_text(text, page_say(page, code->zh, code->en));
}

static void
print_money(
    const struct page *page, const struct field *field, struct buf *text)
{
	struct buf grouped = {0};

	print_grouped(buf_cstr(text), &grouped);
	buf_reset(text);
	buf_add(text, grouped.data, grouped.len);
	if (field->currency_to == NULL || field->currency_to[0] == '\0')
		buf_text(text, page_say(page, " 元", " yuan"));
	buf_release(&grouped);
}

static void
print_truth(const struct page *page, struct buf *text)
{
	bool is_true = span_is(buf_span(text), "true");

	if (!is_true && !span_is(buf_span(text), "false"))
		return;
	buf_reset(text);
	buf_text(text,
	    is_true ? page_say(page, "是", "yes") : page_say(page, "否", "no"));
}

static const char *
value_words(
    struct page *page, const struct field *field, const struct json *value)
{
	struct buf text = {0};

	json_scalar(value, &text);
	if (field == NULL)
		return page_keep(page, &text);
	if (field->type == FIELD_CODE)
		print_code(page, field, &text);
	else if (field->type == FIELD_MONEY)
		print_money(page, field, &text);
	else if (field->type == FIELD_BOOLEAN)
		print_truth(page, &text);
	return page_keep(page, &text);
}

struct rows {
	struct page *page;
	const struct item *item;
};

/* What the subject says beside the record, and when it did. */
static void
put_statements(struct page *page, const struct json *list)
{
	size_t i;

	for (i = 0; i < json_count(list); i++) {
		const struct json *said = json_at(list, i);
		struct buf text = {0};

		buf_print(&text, "%s (%s)",
		    json_cstr(json_find(said, "text"), ""),
		    page_day_of(page, said, "time"));
		page_put_fact(page,
		    page_say(page, "主体声明", "The subject's statement"),
		    page_keep(page, &text));
	}
}

static bool
put_value(void *context, const char *name, const struct json *value)
{
	struct rows *rows = context;
	struct page *page = rows->page;
	const struct field *field = NULL;
	const char *label;

	if (strcmp(name, "state") == 0)
		return true;
	if (strcmp(name, "statements") == 0 && json_is_array(value)) {
		put_statements(page, value);
		return true;
	}
	if (strcmp(name, "source_number") == 0)
		label =
		    page_say(page, "来源记录号", "Record number at the source");
	else {
		if (rows->item != NULL)
			field = item_find_field(rows->item, span_of(name));
		label = field != NULL
			    ? page_say(page, field->zh, field->en)
			    : arena_text(page->arena, name, strlen(name));
	}
	page_put_fact(page, label, value_words(page, field, value));
	return true;
}

static enum page_mark
record_mark(const struct json *record)
{
	struct span state = json_text(json_find(record, "state"));

	if (span_is(state, "disputed"))
		return PAGE_DISPUTED;
	return span_is(state, "repaired") ? PAGE_REPAIRED : PAGE_PLAIN;
}

static void
put_record(
    struct rows *rows, const struct json *record, size_t index, size_t count)
{
	struct page *page = rows->page;
	enum page_mark mark = record_mark(record);
	struct buf text = {0};

	if (count > 1 || mark != PAGE_PLAIN) {
		buf_print(&text, "%s%zu%s", page_say(page, "第 ", "Record "),
		    index + 1, page->language == PAGE_ZH ? " 条" : "");
		page_put(page, PAGE_RECORD, mark, "", page_keep(page, &text));
	}
	json_each(record, put_value, rows);
}

static enum page_mark
item_mark(const struct item *item, size_t records)
{
	if (item == NULL || records == 0)
		return PAGE_PLAIN;
	if (item->is_negative)
		return PAGE_NEGATIVE;
	return item->is_positive ? PAGE_POSITIVE : PAGE_PLAIN;
}

static void
put_source(struct page *page, const struct json *entry, const struct item *item,
    size_t records)
{
	struct buf text = {0};
	const char *provider = json_cstr(json_find(entry, "provider"), "");

	if (records > 0 && item != NULL)
		buf_print(&text, "%s %s (%s) · %s %s · ",
		    page_say(page, "提供部门", "Provider"),
		    page_say(page, item->provider_zh, item->provider_en),
		    provider, page_say(page, "截至", "as of"),
		    page_day_of(page, entry, "as_of"));
	else if (records > 0)
		buf_print(&text, "%s · %s · ", provider,
		    page_day_of(page, entry, "as_of"));
	else
		buf_print(
		    &text, "%s · ", page_say(page, "无记录", "No record"));
	buf_print(&text, "%s %s %s %" PRId64,
	    page_say(page, "完整至 数据流", "complete up to: stream"),
	    json_cstr(json_find(entry, "stream"), ""),
	    page_say(page, "位点", "position"),
	    json_int(json_find(entry, "position"), 0));
	page_put(page, PAGE_NOTE, PAGE_PLAIN, "", page_keep(page, &text));
}

static void
put_item(struct page *page, const struct json *entry)
{
	const struct json *records = json_find(entry, "records");
	struct rows rows = {page, page_item_of(page, entry)};
	size_t count = json_count(records), i;
	struct buf name = {0};

	buf_print(&name, "%" PRId64 " ", json_int(json_find(entry, "item"), 0));
	if (rows.item != NULL)
		buf_text(&name, page_say(page, rows.item->zh, rows.item->en));
	page_put(page, PAGE_ITEM, item_mark(rows.item, count), "",
	    page_keep(page, &name));
	put_source(page, entry, rows.item, count);
	for (i = 0; i < count; i++)
		put_record(&rows, json_at(records, i), i, count);
}

/* What the catalogue does not know is of category 0. */
static uint32_t
category_of(const struct page *page, const struct json *entry)
{
	const struct item *item = page_item_of(page, entry);

	return item != NULL ? item->category : 0;
}

static struct tally
count_category(const struct page *page, uint32_t category)
{
	const struct json *items = json_find(page->report, "items");
	const struct json *entry, *records;
	struct tally tally = {0};
	size_t i, j, count;
	enum page_mark mark;

	for (i = 0; i < json_count(items); i++) {
		entry = json_at(items, i);
		if (category_of(page, entry) != category)
			continue;
		records = json_find(entry, "records");
		count = json_count(records);
		mark = item_mark(page_item_of(page, entry), count);
		tally.records += count;
		tally.negative += mark == PAGE_NEGATIVE ? count : 0;
		tally.positive += mark == PAGE_POSITIVE ? count : 0;
		for (j = 0; j < count; j++) {
			mark = record_mark(json_at(records, j));
			tally.disputed += mark == PAGE_DISPUTED;
			tally.repaired += mark == PAGE_REPAIRED;
		}
	}
	return tally;
}

static void
print_share(
    const struct page *page, size_t count, enum page_mark mark, struct buf *out)
{
	if (count > 0)
		buf_print(out, "  %s %zu", page_mark_text(mark, page->language),
		    count);
}

static void
put_tally(struct page *page, const char *name, struct tally tally)
{
	struct buf text = {0};

	buf_print(
	    &text, "%zu %s", tally.records, page_say(page, "条", "records"));
	print_share(page, tally.negative, PAGE_NEGATIVE, &text);
	print_share(page, tally.positive, PAGE_POSITIVE, &text);
	print_share(page, tally.disputed, PAGE_DISPUTED, &text);
	print_share(page, tally.repaired, PAGE_REPAIRED, &text);
	page_put_fact(page, name, page_keep(page, &text));
}

static bool
has_category(const struct page *page, uint32_t category)
{
	const struct json *items = json_find(page->report, "items");
	size_t i;

	for (i = 0; i < json_count(items); i++) {
		if (category_of(page, json_at(items, i)) == category)
			return true;
	}
	return false;
}

static void
put_category(struct page *page, uint32_t category, const char *name)
{
	const struct json *items = json_find(page->report, "items");
	size_t i;

	page_put_section(page, name);
	for (i = 0; i < json_count(items); i++) {
		if (category_of(page, json_at(items, i)) == category)
			put_item(page, json_at(items, i));
	}
}

typedef void (*category_fn)(
    struct page *page, uint32_t category, const char *name);

static void
each_category(struct page *page, category_fn each)
{
	const struct category *list = NULL;
	size_t count = 0, i;

	if (page->catalog != NULL)
		list = catalog_categories(page->catalog, &count);
	for (i = 0; i < count; i++) {
		if (has_category(page, list[i].number))
			each(page, list[i].number,
			    page_say(page, list[i].zh, list[i].en));
	}
	if (has_category(page, 0))
		each(page, 0, page_say(page, "其他", "Other"));
}

static void
put_count(struct page *page, uint32_t category, const char *name)
{
	put_tally(page, name, count_category(page, category));
}

void
page_put_items(struct page *page)
{
	page_put_section(page, page_say(page, "概要", "Summary"));
	each_category(page, put_count);
	each_category(page, put_category);
}
