/*
 * abuse: patterns in what one member asks on one day (the catalogue's section
 * "alerts", docs/CATALOGUE.md).
 *
 * A pattern proves nothing; it asks a person to look.  An alert says who and
 * how often, never about whom.  Pure; any thread.
 */
#ifndef CREDIT_ABUSE_H
#define CREDIT_ABUSE_H

#include "credit/access.h"

struct statistic;

/* In alerts that travel and are kept: never renumbered. */
enum abuse_kind {
	ABUSE_NONE = 0,
	ABUSE_NOT_HELD,   /* subjects that nobody holds: codes are tried out */
	ABUSE_REFUSED,    /* refusals */
	ABUSE_SEQUENTIAL, /* codes one after the other */
	ABUSE_LIMITED,    /* limits met */
	ABUSE_STATISTICS, /* statistics that could be subtracted */
	ABUSE_CONSENT,    /* one consent, used from many places */
	ABUSE_COUNT
};

/* 0: this pattern is not looked for. */
struct abuse_share {
	uint32_t least, percent; /* so many, and so much of all questions */
};
struct abuse_rules {
	struct abuse_share not_held, refused;
	uint32_t least[ABUSE_COUNT]; /* of the others */
};

/* Of one member on one day. */
struct abuse_counts {
	uint32_t asked;
	uint32_t seen[ABUSE_COUNT];
};

/* NULL: nothing is looked for. */
const struct abuse_rules *catalog_abuse(const struct catalog *catalog);
/* Which of them an entry of the trail is; none for what is no question.
 * Sequential ones are told apart by abuse_is_sequential. */
enum abuse_kind abuse_of(const struct access *access);
/* Is the second code issued next to the first?  The body of the organisation
 * code (GB 11714) is what is numbered. */
bool abuse_is_sequential(const char *before, const char *subject);
/* Would the one, taken from the other, tell of few: do they differ in one
 * dimension only, that one of them leaves open or has at another level? */
bool abuse_is_near(
    const struct statistic *statistic, const struct statistic *earlier);
bool abuse_is_alert(const struct abuse_rules *rules,
    const struct abuse_counts *counts, enum abuse_kind kind);

struct abuse_alert {
	char member[MEMBER_CODE_MAX + 1];
	enum abuse_kind kind;
	int64_t first_us, last_us;
	uint32_t count;
};

/* "subjects_not_held" …: stable. */
const char *abuse_name(enum abuse_kind kind);
/* ABUSE_NONE: it is none. */
enum abuse_kind abuse_parse(struct span name);

#endif
