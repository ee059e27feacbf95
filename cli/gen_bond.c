/*
 * gen_bond: relations found for an item, and kept in its rows.
 */
#include "cli/gen_value.h"

#define DAYS_KEPT 1461 /* four years */

/* One relation at one row. */
struct knot {
	const struct plan *plan;
	const struct bond *bond;
	const struct relation *relation;
	struct row *row;
	struct draft *field;
	const struct draft *by, *other;
	struct dice *dice;
};

static int64_t
between(struct dice *dice, int64_t low, int64_t high)
{
	return low + (int64_t)(dice_throw(dice) % (uint64_t)(high - low + 1));
}

static void
hide(struct knot *knot)
{
	if (!knot->plan->columns[knot->bond->field].field->required)
		knot->field->shown = false;
}

/* Hundredths of a yuan or of what else is counted. */
static int64_t
scale_of(const struct plan *plan, unsigned number)
{
	const struct field *field;

	if (number == FIGURE_STAFF)
		return 100;
	if (number >= FIGURE_NOTHING)
		return 1;
	field = plan->columns[number].field;
	if (field->type == FIELD_INTEGER)
		return 100;
	return field->in_wan ? 10000 : 1;
}

static int64_t
amount(const struct knot *knot, unsigned number)
{
	return knot->row->drafts[number].value * scale_of(knot->plan, number);
}

static void
set_amount(struct knot *knot, int64_t hundredths)
{
	knot->field->value =
	    hundredths / scale_of(knot->plan, knot->bond->field);
}

static void
set_part(struct knot *knot, int64_t part, int64_t whole)
{
	int64_t by = amount(knot, knot->bond->by);

	set_amount(knot, by / whole * part + by % whole * part / whole);
}

/* What is lost is lost as a whole; a share of something is something. */
static void
agree_share(struct knot *knot)
{
	int64_t share =
	    between(knot->dice, knot->relation->low, knot->relation->high);

	set_part(knot, knot->by->value < 0 ? 1000 : share, 1000);
	if (knot->relation->low > 0 && knot->field->value == 0)
		knot->field->value = knot->by->value > 0;
}

static void
agree_paid(struct knot *knot)
{
	int64_t by = amount(knot, knot->bond->by);

	if (dice_below(knot->dice, 100) < (uint32_t)knot->relation->low)
		by = by / 100 * dice_below(knot->dice, 10) * 10;
	set_amount(knot, by);
}

static void
agree_less(struct knot *knot)
{
	set_amount(knot,
	    amount(knot, knot->bond->by) - amount(knot, knot->bond->other));
}

static void
agree_percent(struct knot *knot)
{
	set_part(knot, knot->other->value, 10000);
}

static void
agree_rate(struct knot *knot)
{
	const struct bond *bond = knot->bond;
	uint32_t i;

	for (i = 0; i < bond->pick_counts[0]; i++)
		if (bond->picks[0][i] == knot->other->value)
			set_part(knot, bond->steps[i], 100000);
}

static void
agree_ratio(struct knot *knot)
{
	int64_t whole = amount(knot, knot->bond->other);

	if (whole > 0)
		knot->field->value =
		    amount(knot, knot->bond->by) / (whole / 10000 + 1);
}

static void
agree_range(struct knot *knot)
{
	set_amount(knot, 100 * between(knot->dice, knot->relation->low,
				   knot->relation->high));
}

static void
agree_count(struct knot *knot)
{
	if (knot->by->value > 0)
		agree_range(knot);
	else
		knot->field->value = 0;
}

static void
agree_none(struct knot *knot)
{
	if (knot->by->shown)
		knot->field->value = 0;
}

/* Many good ones: a cube of chance is lost. */
static void
agree_score(struct knot *knot)
{
	int64_t chance = (int64_t)(knot->row->subject->own >> 12 & 1023);
	int64_t lost = chance * chance / 1024 * chance * 9500 / (1024 * 1024);

	knot->field->value = 10000 - lost - dice_below(knot->dice, 400);
}

/* Each holds a share of what is left, the last the rest; further rows are of
 * those who hold nothing any more. */
static void
agree_holding(struct knot *knot)
{
	uint64_t part = 40 + knot->row->subject->own % 30, i;
	uint64_t nth = knot->row->nth, count = knot->plan->per_subject;
	uint64_t rest = 10000;

	for (i = 0; i < nth && rest > 0; i++)
		rest -= (rest * part + 99) / 100;
	if (nth < count - 1)
		rest = (rest * part + 99) / 100;
	knot->field->value = nth < count ? (int64_t)rest : 0;
}

static int64_t
day_of(const struct knot *knot, unsigned number)
{
	int64_t value = knot->row->drafts[number].value;
	enum field_type type;

	if (number >= FIGURE_NOTHING)
		return value;
	type = knot->plan->columns[number].field->type;
	if (type == FIELD_MONTH)
		return civil_days((struct civil){(unsigned)((value + 1) / 12),
			   (unsigned)((value + 1) % 12 + 1), 1}) -
		       1;
	if (type == FIELD_YEAR)
		return civil_days((struct civil){(unsigned)value, 12, 31});
	return value;
}

static bool
is_ahead(const struct knot *knot)
{
	return knot->plan->columns[knot->bond->field].maker == MAKE_DATE_AHEAD;
}

/* What would be after today has not happened yet. */
static void
agree_after(struct knot *knot)
{
	int64_t day = day_of(knot, knot->bond->by);
	int64_t from = day + knot->relation->low;
	int64_t until = day + knot->relation->high;

	if (!is_ahead(knot) && until > knot->plan->today)
		until = knot->plan->today;
	if (until < from) {
		knot->field->value = from;
		hide(knot);
		return;
	}
	knot->field->value = between(knot->dice, from, until);
}

static void
agree_years(struct knot *knot)
{
	struct civil civil = civil_of(day_of(knot, knot->bond->by));

	civil.year += (unsigned)between(
	    knot->dice, knot->relation->low, knot->relation->high);
	knot->field->value = civil_days(civil) - 1;
}

static void
agree_same(struct knot *knot)
{
	knot->field->value = knot->by->value - (knot->other->value > 0);
}

static void
agree_year(struct knot *knot)
{
	knot->field->value = civil_of(day_of(knot, knot->bond->by)).year;
}

static void
pick(struct knot *knot, bool otherwise)
{
	uint32_t count = knot->bond->pick_counts[otherwise];

	if (count > 0)
		knot->field->value =
		    knot->bond->picks[otherwise][dice_below(knot->dice, count)];
}

static void
agree_code(struct knot *knot)
{
	pick(knot, false);
}

static void
agree_if_past(struct knot *knot)
{
	pick(knot, day_of(knot, knot->bond->by) >= knot->plan->today);
}

static void
agree_if_has(struct knot *knot)
{
	pick(knot, !knot->by->shown);
}

static void
agree_if_more(struct knot *knot)
{
	pick(knot, knot->by->value <= knot->relation->low);
}

static void
agree_band(struct knot *knot)
{
	const struct bond *bond = knot->bond;
	uint32_t i = 0;

	while (i + 1 < bond->pick_counts[0] && knot->by->value < bond->steps[i])
		i++;
	if (bond->pick_counts[0] > 0)
		knot->field->value = bond->picks[0][i];
}

static void
agree_differs(struct knot *knot)
{
	if (knot->field->value == knot->by->value)
		hide(knot);
}

static bool
has_code(const struct knot *knot)
{
	int64_t code = knot->by->value;

	return code < 64 && (knot->bond->codes >> code & 1) != 0;
}

static void
agree_is(struct knot *knot)
{
	knot->field->value = has_code(knot);
}

static void
agree_tells(struct knot *knot)
{
	knot->field->value = knot->by->shown;
}

static void
agree_within(struct knot *knot)
{
	knot->field->value =
	    knot->by->value <=
	    day_of(knot, knot->bond->other) + knot->relation->low;
}

static void
agree_chance(struct knot *knot)
{
	knot->field->value =
	    dice_below(knot->dice, 100) < (uint32_t)knot->relation->low;
}

static void
agree_only(struct knot *knot)
{
	if (has_code(knot))
		knot->field->shown = true;
	else
		hide(knot);
}

static void
agree_with(struct knot *knot)
{
	if (!knot->by->shown)
		hide(knot);
}

static void
agree_when(struct knot *knot)
{
	if (knot->by->value <= 0)
		hide(knot);
}

static void
agree_seldom(struct knot *knot)
{
	if (dice_below(knot->dice, 100) >= (uint32_t)knot->relation->low)
		hide(knot);
}

/* Those that a plan keeps elsewhere have none. */
static void (*const agree[])(struct knot *knot) = {
    [RELATE_SHARE] = agree_share,
    [RELATE_PAID] = agree_paid,
    [RELATE_LESS] = agree_less,
    [RELATE_PERCENT] = agree_percent,
    [RELATE_RATE] = agree_rate,
    [RELATE_RATIO] = agree_ratio,
    [RELATE_RANGE] = agree_range,
    [RELATE_COUNT] = agree_count,
    [RELATE_NONE] = agree_none,
    [RELATE_SCORE] = agree_score,
    [RELATE_HOLDING] = agree_holding,
    [RELATE_AFTER] = agree_after,
    [RELATE_YEARS] = agree_years,
    [RELATE_SAME] = agree_same,
    [RELATE_YEAR] = agree_year,
    [RELATE_CODE] = agree_code,
    [RELATE_IF_PAST] = agree_if_past,
    [RELATE_IF_HAS] = agree_if_has,
    [RELATE_IF_MORE] = agree_if_more,
    [RELATE_BAND] = agree_band,
    [RELATE_DIFFERS] = agree_differs,
    [RELATE_IS] = agree_is,
    [RELATE_TELLS] = agree_tells,
    [RELATE_WITHIN] = agree_within,
    [RELATE_CHANCE] = agree_chance,
    [RELATE_ONLY] = agree_only,
    [RELATE_WITH] = agree_with,
    [RELATE_WHEN] = agree_when,
    [RELATE_SELDOM] = agree_seldom,
};

/* What ended so long ago that it is shown no more, or soon will be, has not
 * ended.  A feed made for one day is used for years. */
static void
keep_shown(const struct plan *plan, struct draft *end)
{
	if (end->value > plan->past + DAYS_KEPT)
		return;
	end->value = plan->today;
	end->shown = plan->columns[plan->end].field->required;
}

void
plan_agree(const struct plan *plan, struct row *row)
{
	struct dice steady = {row->subject->own ^ 3};
	struct knot knot = {.plan = plan, .row = row};
	size_t i;

	if (plan->end >= 0)
		keep_shown(plan, &row->drafts[plan->end]);
	for (i = 0; i < plan->bond_count; i++) {
		knot.bond = &plan->bonds[i];
		knot.relation = knot.bond->relation;
		knot.field = &row->drafts[knot.bond->field];
		knot.by = &row->drafts[knot.bond->by];
		knot.other = &row->drafts[knot.bond->other];
		knot.dice = knot.relation->steady ? &steady : &row->dice;
		agree[knot.relation->kind](&knot);
		if (plan->end == (int)knot.bond->field)
			keep_shown(plan, knot.field);
	}
}
