/*
 * search: enterprises found by name, number, place and trade.
 *
 * What an index keeps of an enterprise is its card, made from its
 * registration; under which words it is filed are the card's terms.  A
 * question has terms too: cards that have all of them are looked at, and
 * search_fits decides.  Names are compared folded: full-width as half-width,
 * brackets of all kinds as one, case and spaces ignored.
 * Pure; any thread.
 */
#ifndef CREDIT_SEARCH_H
#define CREDIT_SEARCH_H

#include "base/buf.h"
#include "base/err.h"
#include "credit/catalog.h"
#include "credit/record.h"
#include "credit/uscc.h"

#define SEARCH_ITEM 1        /* registrations */
#define SEARCH_TEXT_MAX 1024 /* bytes of a name, folded */
#define SEARCH_TERM_MAX 32
#define SEARCH_TERMS_MAX 24

/* Which fields of the registration are what. 0: the catalogue has none. */
struct search_fields {
	uint32_t name, number, division, industry;
};
/* False: the catalogue has no registrations with names. */
bool search_fields_find(
    const struct catalog *catalog, struct search_fields *fields);

struct card {
	struct span name; /* folded */
	struct span number, division, industry;
};

/* Append the card of a registration. */
void card_print(const struct search_fields *fields, const struct record *record,
    struct buf *out);
/* Borrows from `bytes`; false: it is no card. */
bool card_parse(struct span bytes, struct card *card);
/* Every three characters of the name that stand side by side, beginning and
 * end included; the old number; division and industry at each level. */
typedef void (*search_term_fn)(void *context, struct span term);
void card_each_term(
    const struct card *card, search_term_fn each, void *context);

enum search_match {
	SEARCH_CONTAINS,
	SEARCH_PREFIX,
	SEARCH_EXACT
};

/* As it was asked; NULL: not. */
struct search_words {
	const char *uscc, *number, *name, *match, *division, *industry;
};

struct search {
	char uscc[USCC_LEN + 1];
	char number[32], division[8], industry[8];
	char name[SEARCH_TEXT_MAX]; /* folded */
	enum search_match match;
};

/* Something must be asked for; ERR_INVALID and `why` otherwise. */
MUST_CHECK enum err search_parse(
    const struct search_words *words, struct search *search, struct why *why);
bool search_fits(const struct search *search, const struct card *card);
const char *search_match_name(enum search_match match);

struct search_plan {
	char terms[SEARCH_TERMS_MAX][SEARCH_TERM_MAX];
	size_t count;
	/* The only term is the beginning of the terms that fit: a name of one
	 * or two characters. */
	bool scans;
};
/* Of a search that is not by code. */
void search_make_plan(const struct search *search, struct search_plan *plan);
/* Of the terms that the scan comes by is this the first one of the card?  So
 * that it is found once. */
bool search_is_first(
    const struct search_plan *plan, const struct card *card, struct span term);

#endif
