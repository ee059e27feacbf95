/*
 * purpose: why a member asks.  A closed list.
 */
#ifndef CREDIT_PURPOSE_H
#define CREDIT_PURPOSE_H

#include <stdbool.h>

#include "base/span.h"

enum purpose {
	PURPOSE_NONE = 0,
	PURPOSE_CUSTOMER_SCREENING, /* 客户筛选 */
	PURPOSE_PRE_LOAN,           /* 贷前调查 */
	PURPOSE_IN_LOAN,            /* 贷中审批 */
	PURPOSE_POST_LOAN,          /* 贷后管理 */
	PURPOSE_GUARANTEE_REVIEW,   /* 担保审查 */
	PURPOSE_DISPUTE_CHECK,      /* 异议核查 */
	PURPOSE_SUPERVISION,        /* 监管检查 */
	PURPOSE_SELF,               /* 本人查询 */
	PURPOSE_COUNT
};

/* "customer_screening" …; PURPOSE_NONE when it is none of the list. */
enum purpose purpose_parse(struct span text);
const char *purpose_name(enum purpose purpose);
/* May an institution ask for statistics, for enterprises without names, with
 * this purpose?  Supervision is the operator's. */
bool purpose_has_statistics(enum purpose purpose);
bool purpose_has_screenings(enum purpose purpose);
/* Is a subject read again and again with this purpose, of its own accord? */
bool purpose_may_monitor(enum purpose purpose);

#endif
