/*
 * paper: the standard documents of an objection, as plain text in Chinese.
 *
 * Pure; any thread.
 */
#ifndef HUB_PAPER_H
#define HUB_PAPER_H

#include "base/buf.h"
#include "base/json.h"

enum paper_kind {
	PAPER_APPLICATION, /* 申请表 */
	PAPER_REPLY,       /* 答复书 */
	PAPER_TERMINATION, /* 终止告知书 */
	PAPER_KINDS
};

/* What the papers say beside the objection itself. */
struct paper_names {
	const char *item;     /* its name */
	const char *provider; /* the department's; empty: the operator */
};

/* PAPER_KINDS when it is none. */
enum paper_kind paper_kind_parse(const char *text);
/* `objection`: as it stands, with its claims.  False: it does not stand so that
 * there is such a paper. */
bool paper_print(enum paper_kind kind, const struct json *objection,
    const struct paper_names *names, struct buf *out);

#endif
