/*
 * page_words: what codes of the protocol are called on a page; for page.c.
 */
#ifndef CREDIT_PAGE_WORDS_H
#define CREDIT_PAGE_WORDS_H

#include "credit/page.h"

/* The code itself when it is none of the list. */
const char *page_purpose_words(const char *name, enum page_language language);
const char *page_rule_words(const char *name, enum page_language language);

#endif
