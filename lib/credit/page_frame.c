/*
 * page_frame: what stands around a report's items: whom it is about, who asked,
 * what was withheld, and the proof.
 */
#include <inttypes.h>
#include <string.h>

#include "credit/page_inner.h"
#include "credit/page_words.h"

/* The first name that item 1 gives. */
static const char *
subject_name(struct page *page)
{
	const struct json *items = json_find(page->report, "items");
	const struct json *first = json_at(items, 0);

	if (json_int(json_find(first, "item"), 0) != 1)
		return "";
	return page_text_of(
	    page, json_at(json_find(first, "records"), 0), "name");
}

static void
put_head(struct page *page)
{
	const char *name = subject_name(page);
	bool detailed =
	    span_is(json_text(json_find(page->report, "level")), "C");

	page_put(page, PAGE_TITLE, PAGE_PLAIN, "",
	    page_say(page, "企业信用报告", "Enterprise Credit Report"));
	if (json_bool(json_find(page->report, "sandbox"), false))
		page_put(page, PAGE_TEXT, PAGE_PLAIN, "",
		    page_say(page,
			"【沙箱】本报告由沙箱节点生成，内容全部为虚构，不得用于"
			"任何业务。",
			"[SANDBOX] Made by a sandbox: everything in this "
			"report is made up. Not for any use."));
	if (name[0] != '\0')
		page_put_fact(page, page_say(page, "企业名称", "Name"), name);
	page_put_fact(page,
	    page_say(page, "统一社会信用代码", "Unified social credit code"),
	    page_text_of(page, page->report, "subject"));
	page_put_fact(page, page_say(page, "报告级别", "Level"),
	    detailed ? page_say(page, "C（含授权信息）",
			   "C (with authorized details)")
		     : page_say(page, "公开信息", "Public information"));
}

static void
put_asked(struct page *page)
{
	const struct json *asked = json_find(page->report, "asked");
	const struct json *passed = json_find(page->report, "elsewhere");
	const char *consent = page_text_of(page, asked, "consent");
	struct buf text = {0};

	page_put_section(page, page_say(page, "查询说明", "This question"));
	buf_print(&text, "%s (%s)", json_cstr(json_find(asked, "name"), ""),
	    json_cstr(json_find(asked, "by"), ""));
	page_put_fact(page, page_say(page, "查询机构", "Asked by"),
	    page_keep(page, &text));
	page_put_fact(page, page_say(page, "查询目的", "Purpose"),
	    page_purpose_words(
		page_text_of(page, asked, "purpose"), page->language));
	page_put_fact(page, page_say(page, "授权编号", "Authorization"),
	    consent[0] != '\0' ? consent : page_say(page, "无", "none"));
	buf_print(&text, "%s (UTC+8)", page_time_of(page, asked, "time"));
	page_put_fact(
	    page, page_say(page, "查询时间", "Time"), page_keep(page, &text));
	page_put_fact(page, page_say(page, "应答节点", "Answered by"),
	    page_text_of(page, asked, "node"));
	if (passed != NULL)
		page_put_fact(page, page_say(page, "转达节点", "Passed on by"),
		    page_text_of(page, passed, "node"));
	buf_print(
	    &text, "%" PRId64, json_int(json_find(asked, "catalogue"), 0));
	page_put_fact(page,
	    page_say(page, "归集共享清单版本", "Catalogue version"),
	    page_keep(page, &text));
}

static void
put_withheld_item(struct page *page, const struct json *entry)
{
	const struct item *item = page_item_of(page, entry);
	const struct json *fields = json_find(entry, "fields");
	const struct field *field;
	struct buf label = {0}, text = {0};
	size_t i;

	buf_print(&label, "%" PRId64 " %s",
	    json_int(json_find(entry, "item"), 0),
	    item != NULL ? page_say(page, item->zh, item->en) : "");
	for (i = 0; i < json_count(fields); i++) {
		field = item != NULL ? item_find_field(
					   item, json_text(json_at(fields, i)))
				     : NULL;
		buf_print(&text, "%s%s",
		    i > 0 ? page_say(page, "、", ", ") : "",
		    field != NULL ? page_say(page, field->zh, field->en)
				  : json_cstr(json_at(fields, i), ""));
	}
	buf_print(&text, "%s%s", page_say(page, "。原因：", ". Why: "),
	    page_rule_words(
		json_cstr(json_find(entry, "rule"), ""), page->language));
	page_put_fact(page, page_keep(page, &label), page_keep(page, &text));
}

static void
put_withheld(struct page *page)
{
	const struct json *list = json_find(page->report, "withheld");
	size_t i;

	page_put_section(
	    page, page_say(page, "未提供的信息", "What was withheld"));
	if (json_count(list) == 0)
		page_put(page, PAGE_TEXT, PAGE_PLAIN, "",
		    page_say(page, "无", "Nothing."));
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
	page_put_fact(page,
	    page_say(page, "授权使用次数", "Use of the authorization"),
	    page_keep(page, &text));
}

static void
put_proof(struct page *page, const struct page_seal *seal)
{
	const struct json *receipt = json_find(page->report, "receipt");
	struct buf text = {0};

	page_put_section(page, page_say(page, "存证与核验", "Proof"));
	buf_print(&text, "%" PRId64, json_int(json_find(receipt, "index"), -1));
	page_put_fact(page,
	    page_say(page, "查询日志序号", "Entry of the access log"),
	    page_keep(page, &text));
	put_use(page, json_find(receipt, "use"));
	page_put(page, PAGE_CODE, PAGE_PLAIN,
	    page_say(page, "查询日志叶哈希", "Its leaf hash"),
	    page_text_of(page, receipt, "leaf_hash"));
	page_put(page, PAGE_CODE, PAGE_PLAIN,
	    page_say(page, "报告数据 SHA-256", "SHA-256 of the report's JSON"),
	    arena_text(page->arena, seal->digest, strlen(seal->digest)));
	page_put(page, PAGE_CODE, PAGE_PLAIN,
	    page_say(page, "节点签名（JWS）", "Signature of the node (JWS)"),
	    arena_text(page->arena, seal->signature, strlen(seal->signature)));
	page_put(page, PAGE_TEXT, PAGE_PLAIN, "",
	    page_say(page,
		"标记说明：负面、正面按信息项划分；异议中表示信息主体已提出异议"
		"；"
		"已修复表示已完成信用修复。核验：rongxin report verify。",
		"Marks: negative and positive go by the item; disputed: the "
		"subject has objected; repaired: the credit was repaired. "
		"To verify: rongxin report verify."));
}

void
page_put_question(struct page *page)
{
	put_head(page);
	put_asked(page);
}

void
page_put_end(struct page *page, const struct page_seal *seal)
{
	put_withheld(page);
	put_proof(page, seal);
}
