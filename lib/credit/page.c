/*
 * page: a credit report as people read it, neither HTML nor PDF yet.
 */
#include "credit/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "credit/page_words.h"
#include "credit/permit.h"

struct page {
	struct arena *arena;
	enum page_language language;
	const struct catalog *catalog;
	struct json *report; /* until the page is made */
	struct page_line *lines;
	size_t count, size;
	const char *time;
};

/* What a section holds, for the summary. */
struct tally {
	size_t records, negative, positive, disputed, repaired;
};

static const char *
say(const struct page *page, const char *zh, const char *en)
{
	return page->language == PAGE_ZH || en[0] == '\0' ? zh : en;
}

static const char *
keep(struct page *page, struct buf *text)
{
	const char *kept = arena_text(page->arena, text->data, text->len);

	buf_release(text);
	return kept;
}

static void
put(struct page *page, enum page_kind kind, enum page_mark mark,
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

static void
put_fact(struct page *page, const char *label, const char *text)
{
	put(page, PAGE_FACT, PAGE_PLAIN, label, text);
}

static void
put_section(struct page *page, const char *text)
{
	put(page, PAGE_SECTION, PAGE_PLAIN, "", text);
}

static const char *
text_of(struct page *page, const struct json *object, const char *name)
{
	const char *text = json_cstr(json_find(object, name), "");

	return arena_text(page->arena, text, strlen(text));
}

static const struct item *
item_of(const struct page *page, const struct json *entry)
{
	int64_t number = json_int(json_find(entry, "item"), 0);

	if (page->catalog == NULL || number < 1 || number > CATALOG_ITEM_MAX)
		return NULL;
	return catalog_find_item(page->catalog, (uint32_t)number);
}

/* --- one value --- */

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
	buf_text(text, say(page, code->zh, code->en));
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
		buf_text(text, say(page, " 元", " yuan"));
	buf_release(&grouped);
}

static void
print_truth(const struct page *page, struct buf *text)
{
	bool is_true = span_is(buf_span(text), "true");

	if (!is_true && !span_is(buf_span(text), "false"))
		return;
	buf_reset(text);
	buf_text(
	    text, is_true ? say(page, "是", "yes") : say(page, "否", "no"));
}

static const char *
value_words(
    struct page *page, const struct field *field, const struct json *value)
{
	struct buf text = {0};

	json_scalar(value, &text);
	if (field == NULL)
		return keep(page, &text);
	if (field->type == FIELD_CODE)
		print_code(page, field, &text);
	else if (field->type == FIELD_MONEY)
		print_money(page, field, &text);
	else if (field->type == FIELD_BOOLEAN)
		print_truth(page, &text);
	return keep(page, &text);
}

/* --- one item --- */

struct rows {
	struct page *page;
	const struct item *item;
};

static bool
put_value(void *context, const char *name, const struct json *value)
{
	struct rows *rows = context;
	struct page *page = rows->page;
	const struct field *field = NULL;
	const char *label;

	if (strcmp(name, "state") == 0)
		return true;
	if (strcmp(name, "source_number") == 0)
		label = say(page, "来源记录号", "Record number at the source");
	else {
		if (rows->item != NULL)
			field = item_find_field(rows->item, span_of(name));
		label = field != NULL
			    ? say(page, field->zh, field->en)
			    : arena_text(page->arena, name, strlen(name));
	}
	put_fact(page, label, value_words(page, field, value));
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
		buf_print(&text, "%s%zu%s", say(page, "第 ", "Record "),
		    index + 1, page->language == PAGE_ZH ? " 条" : "");
		put(page, PAGE_RECORD, mark, "", keep(page, &text));
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
		    say(page, "提供部门", "Provider"),
		    say(page, item->provider_zh, item->provider_en), provider,
		    say(page, "截至", "as of"),
		    json_cstr(json_find(entry, "as_of"), ""));
	else if (records > 0)
		buf_print(&text, "%s · %s · ", provider,
		    json_cstr(json_find(entry, "as_of"), ""));
	else
		buf_print(&text, "%s · ", say(page, "无记录", "No record"));
	buf_print(&text, "%s %s %s %" PRId64,
	    say(page, "完整至 数据流", "complete up to: stream"),
	    json_cstr(json_find(entry, "stream"), ""),
	    say(page, "位点", "position"),
	    json_int(json_find(entry, "position"), 0));
	put(page, PAGE_NOTE, PAGE_PLAIN, "", keep(page, &text));
}

static void
put_item(struct page *page, const struct json *entry)
{
	const struct json *records = json_find(entry, "records");
	struct rows rows = {page, item_of(page, entry)};
	size_t count = json_count(records), i;
	struct buf name = {0};

	buf_print(&name, "%" PRId64 " ", json_int(json_find(entry, "item"), 0));
	if (rows.item != NULL)
		buf_text(&name, say(page, rows.item->zh, rows.item->en));
	put(page, PAGE_ITEM, item_mark(rows.item, count), "",
	    keep(page, &name));
	put_source(page, entry, rows.item, count);
	for (i = 0; i < count; i++)
		put_record(&rows, json_at(records, i), i, count);
}

/* --- sections --- */

/* What the catalogue does not know is of category 0. */
static uint32_t
category_of(const struct page *page, const struct json *entry)
{
	const struct item *item = item_of(page, entry);

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
		mark = item_mark(item_of(page, entry), count);
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

	buf_print(&text, "%zu %s", tally.records, say(page, "条", "records"));
	print_share(page, tally.negative, PAGE_NEGATIVE, &text);
	print_share(page, tally.positive, PAGE_POSITIVE, &text);
	print_share(page, tally.disputed, PAGE_DISPUTED, &text);
	print_share(page, tally.repaired, PAGE_REPAIRED, &text);
	put_fact(page, name, keep(page, &text));
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

	put_section(page, name);
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
			    say(page, list[i].zh, list[i].en));
	}
	if (has_category(page, 0))
		each(page, 0, say(page, "其他", "Other"));
}

static void
put_count(struct page *page, uint32_t category, const char *name)
{
	put_tally(page, name, count_category(page, category));
}

/* The first name that item 1 gives. */
static const char *
subject_name(struct page *page)
{
	const struct json *items = json_find(page->report, "items");
	const struct json *first = json_at(items, 0);

	if (json_int(json_find(first, "item"), 0) != 1)
		return "";
	return text_of(page, json_at(json_find(first, "records"), 0), "name");
}

static void
put_head(struct page *page)
{
	const char *name = subject_name(page);
	bool detailed =
	    span_is(json_text(json_find(page->report, "level")), "C");

	put(page, PAGE_TITLE, PAGE_PLAIN, "",
	    say(page, "企业信用报告", "Enterprise Credit Report"));
	if (name[0] != '\0')
		put_fact(page, say(page, "企业名称", "Name"), name);
	put_fact(page,
	    say(page, "统一社会信用代码", "Unified social credit code"),
	    text_of(page, page->report, "subject"));
	put_fact(page, say(page, "报告级别", "Level"),
	    detailed
		? say(page, "C（含授权信息）", "C (with authorized details)")
		: say(page, "公开信息", "Public information"));
}

static void
put_asked(struct page *page)
{
	const struct json *asked = json_find(page->report, "asked");
	const struct json *passed = json_find(page->report, "elsewhere");
	const char *consent = text_of(page, asked, "consent");
	struct buf text = {0};

	put_section(page, say(page, "查询说明", "This question"));
	buf_print(&text, "%s (%s)", json_cstr(json_find(asked, "name"), ""),
	    json_cstr(json_find(asked, "by"), ""));
	put_fact(page, say(page, "查询机构", "Asked by"), keep(page, &text));
	put_fact(page, say(page, "查询目的", "Purpose"),
	    page_purpose_words(
		text_of(page, asked, "purpose"), page->language));
	put_fact(page, say(page, "授权编号", "Authorization"),
	    consent[0] != '\0' ? consent : say(page, "无", "none"));
	put_fact(page, say(page, "查询时间", "Time"), page->time);
	put_fact(page, say(page, "应答节点", "Answered by"),
	    text_of(page, asked, "node"));
	if (passed != NULL)
		put_fact(page, say(page, "转达节点", "Passed on by"),
		    text_of(page, passed, "node"));
	buf_print(
	    &text, "%" PRId64, json_int(json_find(asked, "catalogue"), 0));
	put_fact(page, say(page, "归集共享清单版本", "Catalogue version"),
	    keep(page, &text));
}

static void
put_withheld_item(struct page *page, const struct json *entry)
{
	const struct item *item = item_of(page, entry);
	const struct json *fields = json_find(entry, "fields");
	const struct field *field;
	struct buf label = {0}, text = {0};
	size_t i;

	buf_print(&label, "%" PRId64 " %s",
	    json_int(json_find(entry, "item"), 0),
	    item != NULL ? say(page, item->zh, item->en) : "");
	for (i = 0; i < json_count(fields); i++) {
		field = item != NULL ? item_find_field(
					   item, json_text(json_at(fields, i)))
				     : NULL;
		buf_print(&text, "%s%s", i > 0 ? say(page, "、", ", ") : "",
		    field != NULL ? say(page, field->zh, field->en)
				  : json_cstr(json_at(fields, i), ""));
	}
	buf_print(&text, "%s%s", say(page, "。原因：", ". Why: "),
	    page_rule_words(
		json_cstr(json_find(entry, "rule"), ""), page->language));
	put_fact(page, keep(page, &label), keep(page, &text));
}

static void
put_withheld(struct page *page)
{
	const struct json *list = json_find(page->report, "withheld");
	size_t i;

	put_section(page, say(page, "未提供的信息", "What was withheld"));
	if (json_count(list) == 0)
		put(page, PAGE_TEXT, PAGE_PLAIN, "",
		    say(page, "无", "Nothing."));
	for (i = 0; i < json_count(list); i++)
		put_withheld_item(page, json_at(list, i));
}

/* Of a consent whose uses are limited. */
static void
put_use(struct page *page, const struct json *use)
{
	struct buf text = {0};

	if (!json_is_object(use))
		return;
	buf_print(&text, "%" PRId64 " / %" PRId64,
	    json_int(json_find(use, "number"), 0),
	    json_int(json_find(use, "of"), 0));
	put_fact(page, say(page, "授权使用次数", "Use of the authorization"),
	    keep(page, &text));
}

static void
put_proof(struct page *page, const struct page_seal *seal)
{
	const struct json *receipt = json_find(page->report, "receipt");
	struct buf text = {0};

	put_section(page, say(page, "存证与核验", "Proof"));
	buf_print(&text, "%" PRId64, json_int(json_find(receipt, "index"), -1));
	put_fact(page, say(page, "查询日志序号", "Entry of the access log"),
	    keep(page, &text));
	put_use(page, json_find(receipt, "use"));
	put(page, PAGE_CODE, PAGE_PLAIN,
	    say(page, "查询日志叶哈希", "Its leaf hash"),
	    text_of(page, receipt, "leaf_hash"));
	put(page, PAGE_CODE, PAGE_PLAIN,
	    say(page, "报告数据 SHA-256", "SHA-256 of the report's JSON"),
	    arena_text(page->arena, seal->digest, strlen(seal->digest)));
	put(page, PAGE_CODE, PAGE_PLAIN,
	    say(page, "节点签名（JWS）", "Signature of the node (JWS)"),
	    arena_text(page->arena, seal->signature, strlen(seal->signature)));
	put(page, PAGE_TEXT, PAGE_PLAIN, "",
	    say(page,
		"标记说明：负面、正面按信息项划分；异议中表示信息主体已提出异议"
		"；"
		"已修复表示已完成信用修复。核验：rongxin report verify。",
		"Marks: negative and positive go by the item; disputed: the "
		"subject has objected; repaired: the credit was repaired. "
		"To verify: rongxin report verify."));
}

static void
compose(struct page *page, const struct page_seal *seal)
{
	put_head(page);
	put_asked(page);
	put_section(page, say(page, "概要", "Summary"));
	each_category(page, put_count);
	each_category(page, put_category);
	put_withheld(page);
	put_proof(page, seal);
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
	page->time = text_of(page, json_find(document, "asked"), "time");
	compose(page, seal);
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
