/*
 * limit: how much a member may ask at one node (the catalogue's section
 * "limits", docs/CATALOGUE.md).
 *
 * The first rule that fits a question decides; what is counted under it is
 * counted for each member by itself, under the rule's name.  Part of a
 * catalogue, never changed.  Pure; any thread.
 */
#ifndef CREDIT_LIMIT_H
#define CREDIT_LIMIT_H

#include "credit/catalog.h"
#include "credit/member.h"
#include "credit/purpose.h"

#define LIMIT_RULES_MAX 64
#define LIMIT_NAME_MAX 40
#define LIMIT_MINUTE_MAX 6000000
#define LIMIT_DAY_MAX 1000000000
#define LIMIT_SUBJECTS_MAX 10000000

struct limit {
	const char *name;
	unsigned kinds;             /* bit of each member_kind; 0: everybody */
	unsigned purposes;          /* bit of each purpose; 0: any */
	const char *const *members; /* codes, ends with NULL; none: any */
	/* 0: as many as they like. */
	uint32_t per_minute, burst; /* `burst` at once, then at that pace */
	uint32_t per_day;
	uint32_t subjects_per_day; /* different ones */
	const char *policy;        /* as the header RateLimit-Policy says it */
};

struct limits {
	const struct limit *list;
	size_t count;
};

/* NULL: this catalogue limits nobody. */
const struct limits *catalog_limits(const struct catalog *catalog);
/* NULL: no rule fits.  `member` NULL: not on the member list. */
const struct limit *limits_find(const struct limits *limits, const char *code,
    const struct member *member, enum purpose purpose);
/* How long the burst takes to come back, once it is used up. */
uint32_t limit_window_s(const struct limit *limit);

#endif
