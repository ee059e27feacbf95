/*
 * limiter: what each member has asked today, held against the catalogue's
 * limits (credit/limit.h).
 *
 * The rule that must never break: exactly as many questions are let through as
 * a rule allows, however many threads ask at once.  What a question changes is
 * atomic, so no question waits for another.
 * There is one account for each rule's name and member that asked, kept until
 * the end: some 200 bytes, and 8 to 32 for each subject of a day.
 * Days are those of UTC+8.  Any thread.
 */
#ifndef NODE_LIMITER_H
#define NODE_LIMITER_H

#include "credit/access.h"
#include "credit/limit.h"

struct limiter;

struct limiter *limiter_new(void);
void limiter_free(struct limiter *limiter); /* safe on NULL */

struct ask {
	const struct limits *limits; /* NULL: nobody is limited */
	const char *code;
	const struct member *member; /* NULL: not on the list */
	enum purpose purpose;
	const char *subject; /* "": about nobody, or nobody knows */
	int64_t time_us;     /* since 1970 */
	int64_t tick_us;     /* monotonic */
};

enum allowance_part {
	ALLOWANCE_RATE,
	ALLOWANCE_DAY,
	ALLOWANCE_SUBJECTS,
	ALLOWANCE_PARTS
};

/* What became of it, and what the member has left. */
struct allowance {
	const struct limit *rule;       /* of the catalogue; NULL: none fits */
	enum permit_rule verdict;       /* PERMIT_ALLOWED, or the limit */
	uint32_t left[ALLOWANCE_PARTS]; /* where the rule has a limit */
	uint32_t reset_s[ALLOWANCE_PARTS]; /* until all of it is back */
	uint32_t retry_s;                  /* when refused; else 0 */
};

/* What the rate lets through counts for the day, though it may be refused then
 * for its subject. */
void limiter_take(struct limiter *limiter, const struct ask *ask,
    struct allowance *allowance);
/* An entry of the trail, of before this process: counts as limiter_take did. */
void limiter_recall(struct limiter *limiter, const struct limits *limits,
    const struct member *member, const struct access *access);
/* When the day that `time_us` is in began, since 1970. */
int64_t limiter_day_start(int64_t time_us);
#define ALLOWANCE_TEXT_MAX 256
/* The value of the header field RateLimit; false: there is no limit to tell
 * of. */
bool allowance_print(const struct allowance *allowance, char *out, size_t size);

#endif
