/*
 * typeset: a report's page as PDF on A4.
 *
 * The only home of Pango and Cairo.  The same page gives the same bytes,
 * whenever it is set: its only date is that of the question.  (Other fonts or
 * another version of the libraries may set it otherwise.)
 * A typesetter belongs to one thread, which also made it.
 */
#ifndef NODE_TYPESET_H
#define NODE_TYPESET_H

#include "credit/page.h"

struct typesetter;

struct typesetter *typesetter_new(void);
void typesetter_free(struct typesetter *typesetter); /* safe on NULL */
/* Once, when no typesetter is left: what the libraries keep for all. */
void typesetters_end(void);
/* Append the PDF.  ERR_LIMIT: more than TYPESET_PAGES_MAX pages. */
MUST_CHECK enum err typeset(struct typesetter *typesetter,
    const struct page *page, struct buf *pdf, struct why *why);

#define TYPESET_PAGES_MAX 400

#endif
