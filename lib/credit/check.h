/*
 * check: what the catalogue asks of a row beyond its single values.
 *
 * A check has an id, which the catalogue's rules explain and findings carry,
 * and a kind.  Most kinds look at one row; those that need the ledger are the
 * hub's.
 * Pure; any thread.
 */
#ifndef CREDIT_CHECK_H
#define CREDIT_CHECK_H

#include "credit/catalog.h"

#define CHECK_FIELDS_MAX 8
#define CHECKS_MAX 24 /* an item's */

enum check_kind {
	CHECK_BEFORE_OR_EQUAL, /* dates, months or years: first <= second */
	CHECK_AT_MOST,         /* numbers: first <= second */
	CHECK_SUM_OF,          /* first = sum of the others, or off by slack */
	CHECK_PRESENT_IF,      /* first is given when second equals a value */
	CHECK_ANY_OF,          /* at least one is given */
	CHECK_REGISTERED,      /* the subject has a record of item 1 */
	CHECK_FOUNDED_BEFORE,  /* not before item 1 says it was established */
	CHECK_SAME_PROVINCE /* an authority's code is of the stream's province
			       or national */
};

struct check {
	const char *id;
	enum check_kind kind;
	bool rejects;
	uint32_t fields[CHECK_FIELDS_MAX]; /* indices into the item's fields */
	size_t field_count;
	const char *equals; /* CHECK_PRESENT_IF: canonical */
	int64_t slack;      /* CHECK_SUM_OF: whole units */
};

/* Does the hub's ledger decide it? */
bool check_needs_ledger(const struct check *check);
/* `values` by position in check->fields, canonical, ptr NULL when absent.
 * A check whose values are not all there holds (but for those that ask what
 * is given). */
bool check_holds(const struct item *item, const struct check *check,
    const struct span *values);
/* Is a canonical value within its field's limits?  NULL, or the rule id:
 * "too_short", "pattern", "range".  `today`: 2024-03-28. */
const char *check_value(
    const struct field *field, struct span value, const char *today);

#endif
