/*
 * pack_condition: how a node is doing, inside its status.
 */
#include "wire/pack_condition.h"

#include <assert.h>

#include "credit/member.h"
#include "wire/pack_part.h"

#define TIME_END_US INT64_C(253402300800000000) /* the year 10000 */
#define DISK_MAX (UINT64_C(1) << 60)

static Rongxin__BudgetUse *
budget_build(const struct budget_use *use, struct arena *arena)
{
	Rongxin__BudgetUse *packed = arena_take(arena, sizeof(*packed));

	rongxin__budget_use__init(packed);
	packed->member = arena_text(arena, use->member, strlen(use->member));
	packed->screenings = use->screenings;
	packed->period = use->period;
	packed->spent = use->spent;
	return packed;
}

Rongxin__Condition *
condition_build(const struct condition *condition, struct arena *arena)
{
	Rongxin__Condition *packed;
	size_t i;

	if (condition == NULL)
		return NULL;
	assert(condition->budget_count <= CONDITION_BUDGETS_MAX);
	packed = arena_take(arena, sizeof(*packed));
	rongxin__condition__init(packed);
	packed->protocol = condition->protocol;
	packed->disk_free = condition->disk_free;
	packed->disk_total = condition->disk_total;
	packed->certificate_us = condition->certificate_us;
	packed->started_us = condition->started_us;
	packed->revocations = condition->revocations;
	packed->revocation_us = condition->revocation_us;
	packed->n_budgets = condition->budget_count;
	packed->budgets = arena_take(
	    arena, (condition->budget_count + 1) * sizeof(*packed->budgets));
	for (i = 0; i < condition->budget_count; i++)
		packed->budgets[i] =
		    budget_build(&condition->budgets[i], arena);
	return packed;
}

static bool
is_time(int64_t time_us)
{
	return time_us >= 0 && time_us < TIME_END_US;
}

static bool
budget_take(const Rongxin__BudgetUse *packed, struct budget_use *use)
{
	if (!part_is_text(packed->member, MEMBER_CODE_MAX) ||
	    !member_code_is_valid(span_of(packed->member)))
		return false;
	use->member = packed->member;
	use->screenings = packed->screenings;
	use->period = packed->period;
	use->spent = packed->spent;
	return true;
}

/* Numbers are within what the ledger's columns hold. */
static bool
condition_is_sane(const Rongxin__Condition *packed)
{
	return packed->disk_free <= packed->disk_total &&
	       packed->disk_total < DISK_MAX &&
	       is_time(packed->certificate_us) && is_time(packed->started_us) &&
	       is_time(packed->revocation_us) &&
	       packed->n_budgets <= CONDITION_BUDGETS_MAX;
}

enum err
condition_fill(const Rongxin__Condition *packed, struct arena *arena,
    struct upward *upward)
{
	struct condition *condition;
	struct budget_use *budgets;
	size_t i;

	if (packed == NULL)
		return ERR_OK;
	if (!condition_is_sane(packed))
		return ERR_INVALID;
	condition = arena_take(arena, sizeof(*condition));
	budgets = arena_take(arena, (packed->n_budgets + 1) * sizeof(*budgets));
	for (i = 0; i < packed->n_budgets; i++)
		if (!budget_take(packed->budgets[i], &budgets[i]))
			return ERR_INVALID;
	*condition = (struct condition){.protocol = packed->protocol,
	    .disk_free = packed->disk_free,
	    .disk_total = packed->disk_total,
	    .certificate_us = packed->certificate_us,
	    .started_us = packed->started_us,
	    .revocations = packed->revocations,
	    .revocation_us = packed->revocation_us,
	    .budgets = budgets,
	    .budget_count = packed->n_budgets};
	upward->condition = condition;
	return ERR_OK;
}
