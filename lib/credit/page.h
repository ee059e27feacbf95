/*
 * page: a credit report as people read it, neither HTML nor PDF yet.
 *
 * Made from the JSON document (report.h) and the catalogue, and from nothing
 * else: no clock, no settings.  So the same document always gives the same
 * page, and what is printed in two forms cannot differ in what it says.
 * Pure; one thread per page.
 */
#ifndef CREDIT_PAGE_H
#define CREDIT_PAGE_H

#include "base/buf.h"
#include "base/json.h"
#include "credit/catalog.h"

enum page_language {
	PAGE_ZH,
	PAGE_EN
};

enum page_kind {
	PAGE_TITLE,   /* once, first */
	PAGE_SECTION, /* a category, or what stands around them */
	PAGE_ITEM,    /* of a category */
	PAGE_NOTE,    /* where an item's records come from */
	PAGE_RECORD,  /* what follows is one record of several */
	PAGE_FACT,    /* label and text */
	PAGE_TEXT,    /* a paragraph */
	PAGE_CODE     /* label and a long text without words in it */
};

/* Always said in words too, never by colour alone. */
enum page_mark {
	PAGE_PLAIN,
	PAGE_POSITIVE,
	PAGE_NEGATIVE,
	PAGE_DISPUTED,
	PAGE_REPAIRED
};

struct page_line {
	enum page_kind kind;
	enum page_mark mark;
	const char *label; /* "" where the kind has none */
	const char *text;
};

/* The document's proof, printed on the page. */
struct page_seal {
	const char *digest;    /* SHA-256 of the document, hex */
	const char *signature; /* detached JWS of it; "" none */
};

struct page;

/* NULL and `why` when `report` is not a report.  What the catalogue does not
 * know is printed under its own name.  The catalogue is borrowed until
 * page_free. */
struct page *page_new(struct span report, const struct catalog *catalog,
    const struct page_seal *seal, enum page_language language, struct why *why);
void page_free(struct page *page); /* safe on NULL */

enum page_language page_language(const struct page *page);
const struct page_line *page_lines(const struct page *page, size_t *count);
/* When it was asked, RFC 3339. */
const char *page_time(const struct page *page);
/* "[负面]"; "" for PAGE_PLAIN. */
const char *page_mark_text(enum page_mark mark, enum page_language language);

/* A document of its own: no script, nothing fetched, prints on A4. */
void page_print_html(const struct page *page, struct buf *out);
/* The Content-Security-Policy that it is good under. */
void page_print_policy(struct buf *out);

#endif
