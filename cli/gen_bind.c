/*
 * gen_bind: the relations of an item, found once for all its rows.
 */
#include "cli/gen_value.h"

#include <stdlib.h>
#include <string.h>

#define NOT_FOUND DRAFTS

static unsigned
find_draft(const struct plan *plan, const char *name)
{
	static const char *const figures[] = {"@nothing", "@staff", "@turnover",
	    "@month", "@capital", "@established", "@today"};
	unsigned i;

	if (name == NULL)
		return FIGURE_NOTHING;
	for (i = 0; name[0] == '@' && i < DRAFTS - FIGURE_NOTHING; i++)
		if (strcmp(figures[i], name) == 0)
			return FIGURE_NOTHING + i;
	for (i = 0; i < plan->count; i++)
		if (strcmp(plan->columns[i].field->name, name) == 0)
			return i;
	return NOT_FOUND;
}

static const struct code_list *
codes_of(const struct plan *plan, unsigned number)
{
	return number < plan->count ? plan->columns[number].field->codes : NULL;
}

static int
find_code(const struct code_list *list, const char *word, size_t len)
{
	size_t i;

	for (i = 0; list != NULL && i < list->count && i < 64; i++)
		if (strlen(list->codes[i].code) == len &&
		    memcmp(list->codes[i].code, word, len) == 0)
			return (int)i;
	return -1;
}

/* "A:90,B:70": codes of the list; steps in hundredths.  Those that it does
 * not have are left out. */
static void
bind_picks(struct bond *bond, int which, const struct code_list *list,
    const char *words)
{
	size_t len;
	int code;

	for (; words != NULL && *words != '\0';
	     words += strcspn(words, ","), words += *words == ',') {
		len = strcspn(words, ":,");
		code = find_code(list, words, len);
		if (code < 0 || bond->pick_counts[which] == PICKS_MAX)
			continue;
		if (words[len] == ':')
			bond->steps[bond->pick_counts[which]] =
			    100 * strtol(words + len + 1, NULL, 10);
		bond->picks[which][bond->pick_counts[which]++] = (uint8_t)code;
	}
}

/* `words` are codes of `by`. */
static void
bind_codes(struct bond *bond, const struct code_list *list, const char *words)
{
	size_t len;
	int code;

	for (; *words != '\0'; words += len, words += *words == ',') {
		len = strcspn(words, ",");
		code = find_code(list, words, len);
		if (code >= 0)
			bond->codes |= UINT64_C(1) << code;
	}
}

/* What is decided for all rows.  True when nothing is left to do. */
static bool
bind_plan(struct plan *plan, const struct bond *bond)
{
	switch (bond->relation->kind) {
	case RELATE_ROWS:
		plan->per_subject = (unsigned)bond->relation->low;
		return true;
	case RELATE_SPREAD:
		plan->columns[bond->field].spread = true;
		return true;
	case RELATE_STAMP:
		plan->stamp = (int)bond->field;
		return true;
	case RELATE_SAYS:
		if (codes_of(plan, bond->by) != NULL)
			plan->columns[bond->field].says = (int)bond->by;
		return true;
	default:
		return false;
	}
}

/* A relation of codes needs their list, and two of the same list or none
 * share a value. */
static bool
is_sound(const struct plan *plan, const struct bond *bond)
{
	enum relation_kind kind = bond->relation->kind;
	unsigned coded = kind == RELATE_RATE ? bond->other
			 : kind == RELATE_ONLY || kind == RELATE_IS
			     ? bond->by
			     : bond->field;

	if (kind == RELATE_SAME || kind == RELATE_DIFFERS)
		return codes_of(plan, bond->field) == codes_of(plan, bond->by);
	return bond->relation->words == NULL || codes_of(plan, coded) != NULL;
}

static void
bind_relation(struct plan *plan, const struct relation *relation)
{
	struct bond bond = {.relation = relation};

	bond.field = find_draft(plan, relation->field);
	bond.by = find_draft(plan, relation->by);
	bond.other = find_draft(plan, relation->other);
	if (bond.field == NOT_FOUND || bond.by == NOT_FOUND ||
	    bond.other == NOT_FOUND || !is_sound(plan, &bond) ||
	    bind_plan(plan, &bond) || plan->bond_count == BONDS_MAX)
		return;
	if (relation->kind == RELATE_ONLY || relation->kind == RELATE_IS) {
		bind_codes(&bond, codes_of(plan, bond.by), relation->words);
	} else if (relation->kind == RELATE_RATE) {
		bind_picks(
		    &bond, 0, codes_of(plan, bond.other), relation->words);
	} else {
		bind_picks(
		    &bond, 0, codes_of(plan, bond.field), relation->words);
		bind_picks(
		    &bond, 1, codes_of(plan, bond.field), relation->otherwise);
	}
	plan->bonds[plan->bond_count++] = bond;
}

/* Unless said otherwise, documents are of the first date that must be
 * there, or else may. */
static void
find_stamp(struct plan *plan)
{
	size_t i;

	plan->stamp = -1;
	for (i = plan->count; i > 0; i--) {
		const struct column *column = &plan->columns[i - 1];

		if (column->maker != MAKE_DATE_PAST)
			continue;
		if (plan->stamp < 0 || column->field->required ||
		    !plan->columns[plan->stamp].field->required)
			plan->stamp = (int)i - 1;
	}
}

void
plan_bind(struct plan *plan)
{
	const struct relation *relation = relations();

	find_stamp(plan);
	for (; relation->kind != RELATE_END; relation++)
		if (plan->item->number >= relation->first &&
		    plan->item->number <= relation->last)
			bind_relation(plan, relation);
}
