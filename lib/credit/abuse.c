/*
 * abuse: patterns in what one member asks on one day.
 */
#include "credit/abuse.h"

#include <string.h>

#include "credit/statistic.h"

/* Numbers are issued in batches; a step is no longer than this, read in base 36
 * though some batches count with digits only. */
#define STEP_MAX 64
#define BODY_START 8 /* of the organisation code in a credit code … */
#define BODY_LEN 8   /* … without its check digit */

static const char *const names[ABUSE_COUNT] = {
    [ABUSE_NONE] = "none",
    [ABUSE_NOT_HELD] = "subjects_not_held",
    [ABUSE_REFUSED] = "refusals",
    [ABUSE_SEQUENTIAL] = "sequential_codes",
    [ABUSE_LIMITED] = "limits_met",
    [ABUSE_STATISTICS] = "near_statistics",
    [ABUSE_CONSENT] = "consent_places",
};

const char *
abuse_name(enum abuse_kind kind)
{
	return (unsigned)kind < ABUSE_COUNT ? names[kind] : names[ABUSE_NONE];
}

enum abuse_kind
abuse_parse(struct span name)
{
	unsigned kind;

	for (kind = ABUSE_NONE + 1; kind < ABUSE_COUNT; kind++)
		if (span_is(name, names[kind]))
			return (enum abuse_kind)kind;
	return ABUSE_NONE;
}

enum abuse_kind
abuse_of(const struct access *access)
{
	if (access->purpose == PURPOSE_NONE)
		return ABUSE_NONE;
	if (permit_rule_is_limit(access->rule))
		return ABUSE_LIMITED;
	if (access->rule != PERMIT_ALLOWED)
		return ABUSE_REFUSED;
	if (access->stream[0] == '\0' &&
	    (strcmp(access->action, "report") == 0 ||
		strcmp(access->action, "enterprise") == 0))
		return ABUSE_NOT_HELD;
	return ABUSE_NONE;
}

/* As a number in base 36; false: no such body. */
static bool
body_of(const char *subject, uint64_t *number)
{
	const char *at = subject + BODY_START, *end = at + BODY_LEN;

	*number = 0;
	if (strlen(subject) != USCC_LEN)
		return false;
	for (; at < end; at++) {
		if (*at >= '0' && *at <= '9')
			*number = *number * 36 + (uint64_t)(*at - '0');
		else if (*at >= 'A' && *at <= 'Z')
			*number = *number * 36 + (uint64_t)(*at - 'A' + 10);
		else
			return false;
	}
	return true;
}

bool
abuse_is_sequential(const char *before, const char *subject)
{
	uint64_t a, b, step;

	if (!body_of(before, &a) || !body_of(subject, &b))
		return false;
	step = a < b ? b - a : a - b;
	return step > 0 && step <= STEP_MAX;
}

static const struct place *
find_place(const struct statistic *statistic, size_t dimension)
{
	size_t i;

	for (i = 0; i < statistic->where_count; i++)
		if (statistic->where[i].dimension == dimension)
			return &statistic->where[i];
	return NULL;
}

/* At one level two values share nobody. */
static bool
shares_nobody(const struct place *a, const struct place *b)
{
	return a != NULL && b != NULL && a->level == b->level &&
	       a->code != b->code;
}

static bool
is_same(const struct place *a, const struct place *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->level == b->level && a->code == b->code;
}

bool
abuse_is_near(
    const struct statistic *statistic, const struct statistic *earlier)
{
	const struct place *a, *b;
	size_t dimension, differ = 0;

	if (statistic->kind != earlier->kind ||
	    statistic->measure != earlier->measure)
		return false;
	for (dimension = 0; dimension < MASK_DIMENSIONS_MAX; dimension++) {
		a = find_place(statistic, dimension);
		b = find_place(earlier, dimension);
		if (shares_nobody(a, b))
			return false;
		differ += !is_same(a, b);
	}
	return differ == 1;
}

static bool
is_share(const struct abuse_share *share, uint32_t seen, uint32_t asked)
{
	return share->least > 0 && seen >= share->least &&
	       (uint64_t)seen * 100 >= (uint64_t)asked * share->percent;
}

bool
abuse_is_alert(const struct abuse_rules *rules,
    const struct abuse_counts *counts, enum abuse_kind kind)
{
	uint32_t seen = counts->seen[kind];

	if (kind == ABUSE_NOT_HELD)
		return is_share(&rules->not_held, seen, counts->asked);
	if (kind == ABUSE_REFUSED)
		return is_share(&rules->refused, seen, counts->asked);
	return rules->least[kind] > 0 && seen >= rules->least[kind];
}
