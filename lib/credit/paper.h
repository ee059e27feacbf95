/*
 * paper: the standard documents of an objection or an application for repair,
 * as a page (page.h): printed as HTML, PDF or plain text it says the same.
 *
 * Made from how the objection stands, and from nothing else.
 * Pure; one thread per page.
 */
#ifndef CREDIT_PAPER_H
#define CREDIT_PAPER_H

#include "credit/page.h"

enum paper_kind {
	PAPER_APPLICATION, /* 申请表 */
	PAPER_NOTICE,      /* 受理通知书, 不予受理通知书 */
	PAPER_REPLY,       /* 处理结果告知书 */
	PAPER_TERMINATION, /* 终止告知书 */
	PAPER_KINDS
};

/* What the papers say beside the objection itself; borrowed until page_free.
 */
struct paper_names {
	const struct item *item; /* NULL: the catalogue does not have it */
	const char *subject;     /* the enterprise's; empty: not known */
	const char *provider;    /* the department's; empty: the operator */
};

/* PAPER_KINDS when it is none. */
enum paper_kind paper_kind_parse(const char *text);
/* `objection`: as it stands, with its claims or, elsewhere than where it was
 * filed and decided, without.  NULL: it does not stand so that there is such a
 * paper. */
struct page *paper_new(enum paper_kind kind, const struct json *objection,
    const struct paper_names *names, enum page_language language);
/* For a terminal, or to be pasted. */
void paper_print_text(const struct page *page, struct buf *out);

#endif
