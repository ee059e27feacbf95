/*
 * paper: the standard documents of an objection or an application for repair.
 */
#include "credit/paper.h"

#include <stdio.h>

#include "credit/page_inner.h"

struct word {
	const char *name, *zh, *en;
};

static const struct word reasons[] = {
    {"wrong", "记录内容与事实不符", "What the record says is not so"},
    {"not_ours", "记录不属于本主体", "The record is about somebody else"},
    {"outdated", "情况已发生变化", "It was so, and is so no more"},
    {"expired", "超过规定的展示期限", "It is shown longer than it may be"},
    {"duplicate", "同一事项重复记录", "The same is recorded twice"},
    {"fulfilled", "已履行相关义务，申请信用修复",
	"The duty is done; repair is applied for"},
    {"lifted", "决定机关已解除，申请信用修复",
	"Who imposed it has lifted it; repair is applied for"},
    {NULL, NULL, NULL}};

static const struct word outcomes[] = {
    {"corrected", "经核查，异议成立，记录已予更正。",
	"The objection was right: the record has been corrected."},
    {"upheld", "经核查，记录无误，维持原记录。",
	"The record was found to be right and stays as it is."},
    {"undetermined", "经核查无法确认，已在记录中附注异议申请人的声明。",
	"It could not be determined: the applicant's statement stays with the "
	"record."},
    {"repaired",
	"准予信用修复：记录在各级平台标注“已修复”，不再计入匿名统计和筛选。",
	"Repair is granted: the record is marked as repaired on every "
	"platform and no longer counts in anonymised answers."},
    {NULL, NULL, NULL}};

static const struct word *
find_word(const struct word *words, const char *name)
{
	while (words->name != NULL && strcmp(words->name, name) != 0)
		words++;
	return words->name != NULL ? words : NULL;
}

struct paper {
	struct page *page;
	const struct json *objection;
	const struct paper_names *names;
	bool repair;
};

static const char *
say(const struct paper *paper, const char *zh, const char *en)
{
	return page_say(paper->page, zh, en);
}

static bool
has(const struct paper *paper, const char *name)
{
	return json_find(paper->objection, name) != NULL;
}

static bool
stands_as(const struct paper *paper, const char *state)
{
	return strcmp(json_cstr(json_find(paper->objection, "state"), ""),
		   state) == 0;
}

static void
put_title(struct paper *paper, const char *zh, const char *en)
{
	page_put(paper->page, PAGE_TITLE, PAGE_PLAIN, "", say(paper, zh, en));
}

static void
put_fact(struct paper *paper, const char *zh, const char *en, const char *text)
{
	page_put_fact(paper->page, say(paper, zh, en), text);
}

static void
put_text(struct paper *paper, const char *text)
{
	page_put(paper->page, PAGE_TEXT, PAGE_PLAIN, "", text);
}

static void
put_day(struct paper *paper, const char *zh, const char *en, const char *name)
{
	put_fact(
	    paper, zh, en, page_day_of(paper->page, paper->objection, name));
}

static void
put_key(struct paper *paper)
{
	const struct json *key = json_find(paper->objection, "key");
	struct buf text = {0};
	size_t i;

	for (i = 0; i < json_count(key); i++)
		buf_print(&text, "%s%s", i > 0 ? "、" : "",
		    json_cstr(json_at(key, i), ""));
	if (text.len == 0)
		buf_text(&text,
		    say(paper, "该事项全部记录", "all records of the item"));
	put_fact(paper, "记录标识", "Record", page_keep(paper->page, &text));
}

static void
put_item(struct paper *paper)
{
	const struct item *item = paper->names->item;
	struct buf text = {0};

	if (item != NULL)
		buf_print(&text, "%s ", say(paper, item->zh, item->en));
	buf_print(&text, "%s%lld%s", say(paper, "（第", "(item "),
	    (long long)json_int(json_find(paper->objection, "item"), 0),
	    say(paper, "项）", ")"));
	put_fact(paper, "信用信息事项", "Kind of information",
	    page_keep(paper->page, &text));
}

/* Who and what it is about. */
static void
put_record(struct paper *paper)
{
	struct page *page = paper->page;
	const struct paper_names *names = paper->names;

	put_fact(paper, "编号", "Number",
	    page_text_of(page, paper->objection, "id"));
	if (names->subject[0] != '\0')
		put_fact(paper, "申请主体", "Applicant", names->subject);
	put_fact(paper, "统一社会信用代码", "Unified social credit code",
	    page_text_of(page, paper->objection, "subject"));
	put_item(paper);
	put_key(paper);
	put_fact(paper, "信息提供单位", "Provider of the information",
	    names->provider[0] != '\0'
		? names->provider
		: say(paper, "国家平台", "the national platform"));
	put_day(paper, "提交日期", "Filed", "filed");
}

static void
put_sign_off(struct paper *paper, const char *zh, const char *en)
{
	page_put_section(paper->page, say(paper, "签章", "Signature"));
	put_fact(paper, zh, en, "");
	put_fact(paper, "日期", "Date", "");
}

static void
put_materials(struct paper *paper, const struct json *materials)
{
	size_t i;

	page_put_section(paper->page, say(paper, "证明材料", "Materials"));
	for (i = 0; i < json_count(materials); i++) {
		struct buf label = {0};

		buf_print(&label, "%zu. %s", i + 1,
		    json_cstr(json_find(json_at(materials, i), "name"), ""));
		page_put(paper->page, PAGE_CODE, PAGE_PLAIN,
		    page_keep(paper->page, &label),
		    page_text_of(paper->page, json_at(materials, i), "sha256"));
	}
	if (i == 0)
		put_text(paper, say(paper, "无", "none"));
}

static bool
put_application(struct paper *paper)
{
	const struct json *claims = json_find(paper->objection, "claims");
	const char *name = json_cstr(json_find(paper->objection, "reason"), "");
	const struct word *reason = find_word(reasons, name);

	if (paper->repair)
		put_title(paper, "信用修复申请表", "Application for repair");
	else
		put_title(paper, "信用信息异议申请表",
		    "Objection to credit information");
	put_record(paper);
	put_day(paper, "应办结日期", "To be decided by", "due");
	page_put_section(paper->page, say(paper, "申请事由", "Reason"));
	put_text(paper, reason == NULL ? page_text_of(paper->page,
					     paper->objection, "reason")
				       : say(paper, reason->zh, reason->en));
	if (claims != NULL) {
		put_text(paper, page_text_of(paper->page, claims, "text"));
		put_materials(paper, json_find(claims, "materials"));
	} else {
		page_put(paper->page, PAGE_CODE, PAGE_PLAIN,
		    say(paper, "申请全文的 SHA-256",
			"SHA-256 of what was filed"),
		    page_text_of(paper->page, paper->objection, "digest"));
	}
	put_sign_off(paper, "申请主体（盖章）", "Applicant (seal)");
	return true;
}

/* Refusing has to be explained, and accepting has consequences that the
 * applicant has to be told of. */
static bool
put_notice(struct paper *paper)
{
	static const char accepted[] =
	    "您提交的申请已经受理，将在应办结日期之前完成核查和处理，并告知处"
	    "理结果。";
	static const char marked[] =
	    "处理期间，该记录在各级平台均加注“异议”标识；因需要暂停处理的时间"
	    "不计入期限。";
	bool refused = stands_as(paper, "refused");

	if (!refused && !has(paper, "accepted"))
		return false;
	if (refused)
		put_title(paper, "不予受理通知书", "Notice of refusal");
	else
		put_title(paper, "受理通知书", "Notice of acceptance");
	put_record(paper);
	if (refused) {
		page_put_section(paper->page,
		    say(paper, "不予受理的理由", "Why it is refused"));
		put_text(
		    paper, page_text_of(paper->page, paper->objection, "note"));
		put_text(
		    paper, say(paper, "补充材料后可以重新提出申请。",
			       "It may be filed again with more materials."));
	} else {
		put_day(paper, "受理日期", "Accepted", "accepted");
		put_day(paper, "应办结日期", "To be decided by", "due");
		page_put_section(
		    paper->page, say(paper, "告知", "Please note"));
		put_text(paper,
		    say(paper, accepted,
			"Your application has been accepted.  It will be "
			"reviewed and decided before the date above, and you "
			"will be told the outcome."));
		if (!paper->repair)
			put_text(paper,
			    say(paper, marked,
				"Until then the record is marked as disputed "
				"on every platform.  Time during which the "
				"review is suspended does not count."));
	}
	put_sign_off(paper, "受理单位（盖章）", "Authority (seal)");
	return true;
}

static void
put_remedy(struct paper *paper)
{
	put_text(paper,
	    say(paper,
		"对处理结果不服的，可以依照《征信业管理条例》第二十六条向所在地"
		"监督管理部门投诉，也可以依法向人民法院起诉。",
		"Who does not agree with the outcome may complain to the local "
		"supervisor under article 26 of the Regulation on the "
		"Administration of Credit Reporting, or go to court."));
}

/* How many institutions know that what they had read was wrong. */
static void
put_informed(struct paper *paper)
{
	struct buf text = {0};

	if (!has(paper, "informed"))
		return;
	buf_print(&text, "%lld",
	    (long long)json_int(json_find(paper->objection, "informed"), 0));
	put_fact(paper, "已告知的查询机构数", "Institutions informed",
	    page_keep(paper->page, &text));
}

static bool
put_reply(struct paper *paper)
{
	const char *state = json_cstr(json_find(paper->objection, "state"), "");
	const struct word *outcome = find_word(outcomes, state);

	if (outcome == NULL)
		return false;
	if (paper->repair)
		put_title(paper, "信用修复处理结果告知书",
		    "Outcome of an application for repair");
	else
		put_title(paper, "信用信息异议处理结果告知书",
		    "Outcome of an objection");
	put_record(paper);
	put_day(paper, "办结日期", "Decided", "ended");
	put_informed(paper);
	page_put_section(paper->page, say(paper, "处理结果", "Outcome"));
	put_text(paper, say(paper, outcome->zh, outcome->en));
	put_text(paper, page_text_of(paper->page, paper->objection, "note"));
	if (has(paper, "statement")) {
		page_put_section(paper->page,
		    say(paper, "申请人的声明", "The applicant's statement"));
		put_text(paper,
		    page_text_of(paper->page, paper->objection, "statement"));
	}
	page_put_section(paper->page, say(paper, "告知", "Please note"));
	put_remedy(paper);
	put_sign_off(paper, "处理单位（盖章）", "Authority (seal)");
	return true;
}

static bool
put_termination(struct paper *paper)
{
	if (!stands_as(paper, "terminated"))
		return false;
	if (paper->repair)
		put_title(paper, "信用修复终止告知书",
		    "Termination of an application for repair");
	else
		put_title(paper, "信用信息异议处理终止告知书",
		    "Termination of an objection");
	put_record(paper);
	put_day(paper, "终止日期", "Terminated", "ended");
	page_put_section(paper->page, say(paper, "理由", "Reason"));
	put_text(paper,
	    say(paper, "因身份或者证明材料不实，本申请终止处理，记录恢复原状。",
		"Identity or materials were false.  The procedure is "
		"terminated and the record stands as before."));
	put_text(paper, page_text_of(paper->page, paper->objection, "note"));
	put_remedy(paper);
	put_sign_off(paper, "处理单位（盖章）", "Authority (seal)");
	return true;
}

enum paper_kind
paper_kind_parse(const char *text)
{
	static const char *const kinds[PAPER_KINDS] = {
	    [PAPER_APPLICATION] = "application",
	    [PAPER_NOTICE] = "notice",
	    [PAPER_REPLY] = "reply",
	    [PAPER_TERMINATION] = "termination"};
	unsigned i = 0;

	while (i < PAPER_KINDS && strcmp(kinds[i], text) != 0)
		i++;
	return (enum paper_kind)i;
}

struct page *
paper_new(enum paper_kind kind, const struct json *objection,
    const struct paper_names *names, enum page_language language)
{
	static bool (*const makers[PAPER_KINDS])(struct paper * paper) = {
	    [PAPER_APPLICATION] = put_application,
	    [PAPER_NOTICE] = put_notice,
	    [PAPER_REPLY] = put_reply,
	    [PAPER_TERMINATION] = put_termination};
	struct paper paper = {.objection = objection,
	    .names = names,
	    .repair = json_bool(json_find(objection, "repair"), false)};
	struct page *page = mem_new(sizeof(*page));

	page->arena = arena_new();
	page->language = language;
	page->time = page_text_of(page, objection, "ended");
	if (page->time[0] == '\0')
		page->time = page_text_of(page, objection, "filed");
	paper.page = page;
	if (kind < PAPER_KINDS && makers[kind](&paper))
		return page;
	page_free(page);
	return NULL;
}

void
paper_print_text(const struct page *page, struct buf *out)
{
	const char *colon = page_language(page) == PAGE_ZH ? "：" : ": ";
	size_t count, i;
	const struct page_line *lines = page_lines(page, &count);

	for (i = 0; i < count; i++) {
		const struct page_line *line = &lines[i];
		bool pair = line->kind == PAGE_FACT || line->kind == PAGE_CODE;

		if (line->kind == PAGE_SECTION)
			buf_char(out, '\n');
		if (pair)
			buf_print(
			    out, "%s%s%s\n", line->label, colon, line->text);
		else
			buf_print(out, "%s\n", line->text);
		if (line->kind == PAGE_TITLE)
			buf_char(out, '\n');
	}
}
