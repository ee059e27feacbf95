/*
 * frequency: how often a consent may be used, and which node counts.
 *
 * "unlimited", or {"uses": N, "at": CODE} for N uses in all, or with "per"
 * for N in each calendar day, week or month, eight hours east of Greenwich.
 * A limit that several nodes counted would be none: `at` names the one that
 * does, and no other answers under it.
 * Pure; any thread.
 */
#ifndef CREDIT_FREQUENCY_H
#define CREDIT_FREQUENCY_H

#include <stdbool.h>
#include <stdint.h>

#include "credit/claims.h"
#include "credit/member.h"

#define FREQUENCY_USES_MAX 1000000

enum period {
	PERIOD_WHOLE = 0, /* of the consent */
	PERIOD_DAY,
	PERIOD_WEEK, /* from Monday on */
	PERIOD_MONTH,
	PERIOD_COUNT
};

struct frequency {
	unsigned uses; /* 0: unlimited, and nobody counts */
	enum period per;
	char at[MEMBER_CODE_MAX + 1]; /* the platform that counts */
};

/* One use of a limited consent: number `number` (0: not counted yet) of at
 * most `most` (0: there is no limit) in period `window`. */
struct use {
	uint32_t most, window, number;
};

/* Member `frequency` of a consent's claims. */
void frequency_read(struct claims *claims, struct frequency *frequency);
void frequency_print(const struct frequency *frequency, struct json_out *out);
bool frequency_is_limited(const struct frequency *frequency);
/* "day", "week", "month"; PERIOD_WHOLE when it is none of them. */
enum period period_parse(struct span text);
/* The period that `now_us` lies in: larger than every earlier one, 0 when the
 * limit is for the whole consent. */
uint32_t frequency_window(const struct frequency *frequency, int64_t now_us);

#endif
