/*
 * problem_page: a page for each type of problem document.
 *
 * A type stays what it is, urn:rongxin:problem:NAME; the document's member
 * `help` is the path of its page at whoever answered.  The pages tell nothing
 * about anybody, so whoever has a certificate may read them: also a stranger,
 * who wants to know what `member_unknown` means.
 */
#ifndef WIRE_PROBLEM_PAGE_H
#define WIRE_PROBLEM_PAGE_H

#include "wire/http.h"

struct problem_words {
	const char *name, *status;
	const char *zh, *en;       /* what it means */
	const char *zh_do, *en_do; /* what to do */
};

/* By name; the last row's name is NULL. */
extern const struct problem_words problem_words[];

/* GET /v1/problems: all of them. */
void problem_on_list(struct http_exchange *exchange, void *context);
/* GET /v1/problems/{name}: one; 404 not_found. */
void problem_on_page(struct http_exchange *exchange, void *context);

#endif
