/*
 * page_words: what codes of the protocol are called on a page.
 */
#include "credit/page_words.h"

#include <string.h>

#include "credit/permit.h"

struct words {
	const char *name, *zh, *en;
};

static const struct words purposes[] = {
    {"customer_screening", "客户筛选", "Customer screening"},
    {"pre_loan", "贷前调查", "Before a loan"},
    {"in_loan", "贷中审批", "Approval of a loan"},
    {"post_loan", "贷后管理", "Management of a loan"},
    {"guarantee_review", "担保审查", "Review of a guarantee"},
    {"dispute_check", "异议核查", "Check of an objection"},
    {"supervision", "监管检查", "Supervision"},
    {"self", "本人查询", "The enterprise about itself"},
    {NULL, NULL, NULL},
};

/* In English they are what permit_rule_text says. */
static const struct words rules[] = {
    {"purpose", "该查询目的不得查看", NULL},
    {"consent_missing", "需信息主体授权，本次查询未提供授权", NULL},
    {"consent_unknown", "授权编号未登记", NULL},
    {"consent_grantee", "授权并非授予查询机构", NULL},
    {"consent_subject", "授权并非该信息主体作出", NULL},
    {"consent_revoked", "授权已被撤销", NULL},
    {"consent_purpose", "授权用途与查询目的不符", NULL},
    {"consent_mode", "授权方式不允许逐笔查询", NULL},
    {"consent_early", "授权尚未生效", NULL},
    {"consent_expired", "授权已到期", NULL},
    {"consent_scope", "授权范围未包含该信息项", NULL},
    {"consent_elsewhere", "授权次数由另一节点计数", NULL},
    {"consent_used_up", "授权次数已用完", NULL},
    {"consent_too_often", "本期授权次数已用完", NULL},
    {"lease_stale", "节点当前无法确认授权是否有效", NULL},
    {NULL, NULL, NULL},
};

static const char *
find_words(
    const struct words *list, const char *name, enum page_language language)
{
	for (; list->name != NULL; list++) {
		if (strcmp(list->name, name) == 0)
			return language == PAGE_ZH ? list->zh : list->en;
	}
	return name;
}

const char *
page_purpose_words(const char *name, enum page_language language)
{
	return find_words(purposes, name, language);
}

const char *
page_rule_words(const char *name, enum page_language language)
{
	unsigned rule;

	if (language == PAGE_ZH)
		return find_words(rules, name, language);
	for (rule = 0; rule < PERMIT_COUNT; rule++) {
		if (strcmp(permit_rule_name((enum permit_rule)rule), name) == 0)
			return permit_rule_text((enum permit_rule)rule);
	}
	return name;
}
