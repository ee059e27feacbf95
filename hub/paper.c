/*
 * paper: the standard documents of an objection, as plain text in Chinese.
 */
#include "hub/paper.h"

#include <string.h>

struct word {
	const char *name, *zh;
};

static const struct word reasons[] = {{"wrong", "记录内容与事实不符"},
    {"not_ours", "记录不属于本主体"}, {"outdated", "情况已发生变化"},
    {"expired", "超过规定的展示期限"}, {"duplicate", "同一事项重复记录"},
    {"fulfilled", "已履行相关义务，申请信用修复"},
    {"lifted", "决定机关已解除，申请信用修复"}, {NULL, NULL}};

static const struct word outcomes[] = {{"refused", "不予受理"},
    {"corrected", "经核查，异议成立，记录已予更正"},
    {"upheld", "经核查，记录无误，维持原记录"},
    {"undetermined", "经核查无法确认，已在记录中附注异议申请人的声明"},
    {"repaired", "准予信用修复"}, {NULL, NULL}};

static const char *
word_of(const struct word *words, const char *name)
{
	while (words->name != NULL && strcmp(words->name, name) != 0)
		words++;
	return words->zh != NULL ? words->zh : name;
}

static const char *
text_of(const struct json *object, const char *name)
{
	return json_cstr(json_find(object, name), "");
}

/* The day of a time. */
static void
put_day(const char *label, const struct json *object, const char *name,
    struct buf *out)
{
	buf_print(out, "%s：%.10s\n", label, text_of(object, name));
}

static void
put_key(const struct json *objection, struct buf *out)
{
	const struct json *key = json_find(objection, "key");
	size_t i;

	buf_text(out, "记录标识：");
	for (i = 0; i < json_count(key); i++)
		buf_print(out, "%s%s", i > 0 ? "、" : "",
		    json_cstr(json_at(key, i), ""));
	buf_text(out, json_count(key) > 0 ? "\n" : "该事项全部记录\n");
}

static void
put_record(const struct json *objection, const struct paper_names *names,
    struct buf *out)
{
	buf_print(out, "编号：%s\n", text_of(objection, "id"));
	buf_print(out, "申请主体统一社会信用代码：%s\n",
	    text_of(objection, "subject"));
	buf_print(out, "信用信息事项：%s（第%lld项）\n", names->item,
	    (long long)json_int(json_find(objection, "item"), 0));
	put_key(objection, out);
	buf_print(out, "信息提供单位：%s\n",
	    names->provider[0] != '\0' ? names->provider : "国家平台");
}

static void
print_application(const struct json *objection, const struct paper_names *names,
    struct buf *out)
{
	const struct json *claims = json_find(objection, "claims");
	const struct json *materials = json_find(claims, "materials");
	size_t i;

	buf_text(out, json_bool(json_find(objection, "repair"), false)
			  ? "信用修复申请表\n\n"
			  : "信用信息异议申请表\n\n");
	put_record(objection, names, out);
	buf_print(out, "申请事由：%s\n",
	    word_of(reasons, text_of(objection, "reason")));
	buf_print(out, "申请说明：%s\n", text_of(claims, "text"));
	buf_text(out, "证明材料：\n");
	for (i = 0; i < json_count(materials); i++)
		buf_print(out, "  %zu. %s（SHA-256：%s）\n", i + 1,
		    text_of(json_at(materials, i), "name"),
		    text_of(json_at(materials, i), "sha256"));
	if (i == 0)
		buf_text(out, "  无\n");
	put_day("提交日期", objection, "filed", out);
	put_day("应办结日期", objection, "due", out);
}

static bool
print_reply(const struct json *objection, const struct paper_names *names,
    struct buf *out)
{
	const char *outcome = word_of(outcomes, text_of(objection, "state"));

	/* None of these: it is open, or terminated. */
	if (outcome == text_of(objection, "state"))
		return false;
	buf_text(out, json_bool(json_find(objection, "repair"), false)
			  ? "信用修复申请答复书\n\n"
			  : "信用信息异议答复书\n\n");
	put_record(objection, names, out);
	put_day("提交日期", objection, "filed", out);
	buf_print(out, "处理结果：%s\n", outcome);
	buf_print(out, "说明：%s\n", text_of(objection, "note"));
	put_day("答复日期", objection, "ended", out);
	return true;
}

static bool
print_termination(const struct json *objection, const struct paper_names *names,
    struct buf *out)
{
	if (strcmp(text_of(objection, "state"), "terminated") != 0)
		return false;
	buf_text(out, "信用信息异议处理终止告知书\n\n");
	put_record(objection, names, out);
	put_day("提交日期", objection, "filed", out);
	buf_text(
	    out, "因身份或者证明材料不实，本申请终止处理，记录恢复原状。\n");
	buf_print(out, "说明：%s\n", text_of(objection, "note"));
	put_day("终止日期", objection, "ended", out);
	return true;
}

enum paper_kind
paper_kind_parse(const char *text)
{
	static const char *const kinds[PAPER_KINDS] = {
	    [PAPER_APPLICATION] = "application",
	    [PAPER_REPLY] = "reply",
	    [PAPER_TERMINATION] = "termination"};
	unsigned i = 0;

	while (i < PAPER_KINDS && strcmp(kinds[i], text) != 0)
		i++;
	return (enum paper_kind)i;
}

bool
paper_print(enum paper_kind kind, const struct json *objection,
    const struct paper_names *names, struct buf *out)
{
	switch (kind) {
	case PAPER_APPLICATION:
		print_application(objection, names, out);
		return true;
	case PAPER_REPLY:
		return print_reply(objection, names, out);
	case PAPER_TERMINATION:
		return print_termination(objection, names, out);
	case PAPER_KINDS:
		break;
	}
	return false;
}
