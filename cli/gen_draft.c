/*
 * gen_draft: values by the type of their field alone.
 */
#include "cli/gen_value.h"

#define MONTHS 120
#define YEARS 15
#define DAYS_KEYED 3000
#define DAYS_STEP 10007 /* a prime above every enterprise's days */
#define DAYS_APART 211
#define DAYS_AHEAD 1500
#define FILLED_PERCENT 85
#define ENDED_PERCENT 25
#define FIRST_PERCENT 90
#define MATTERS 9
#define COMPANIES 100000 /* others that are made up */

/* Howard Hinnant's civil_from_days. */
struct civil
civil_of(int64_t days)
{
	uint64_t z = (uint64_t)(days + 719468), era = z / 146097;
	uint64_t doe = z % 146097;
	uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	uint64_t mp = (5 * doy + 2) / 153;
	struct civil civil;

	civil.day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
	civil.month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	civil.year = (unsigned)(yoe + era * 400 + (civil.month <= 2));
	return civil;
}

/* And his days_from_civil. */
int64_t
civil_days(struct civil civil)
{
	uint64_t year = civil.year - (civil.month <= 2);
	uint64_t era = year / 400, yoe = year % 400;
	uint64_t mp = (civil.month + 9) % 12;
	uint64_t doy = (153 * mp + 2) / 5 + civil.day - 1;
	uint64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return (int64_t)(era * 146097 + doe) - 719468;
}

/* What a key cell takes of the row's number, so that keys differ. */
static uint64_t
take_digit(const struct column *column, struct row *row, uint32_t radix)
{
	uint64_t digit;

	if (!column->in_key)
		return dice_below(&row->dice, radix);
	digit = row->left % radix;
	row->left /= radix;
	row->taken = row->taken * radix + digit;
	return digit;
}

/* Days of the enterprise's life; a key's are scattered over it, each once,
 * and only those that it is too young for lie before it. */
static int64_t
draft_past(
    const struct plan *plan, const struct column *column, struct row *row)
{
	int64_t age = plan->today - row->drafts[FIGURE_ESTABLISHED].value;
	uint32_t life = (uint32_t)age;
	uint64_t back, first;

	if (!column->in_key)
		return plan->today - 1 - dice_below(&row->dice, life);
	first = row->subject->own % life + row->taken * DAYS_APART;
	back = take_digit(column, row, life > DAYS_KEYED ? life : DAYS_KEYED);
	if (back < life)
		back = (back * DAYS_STEP + first) % life;
	return plan->today - 1 - (int64_t)back;
}

static int64_t
draft_code(const struct column *column, struct row *row)
{
	uint32_t count = (uint32_t)column->field->codes->count;
	uint64_t which, shift;

	if (column->maker == MAKE_CODE_FIRST && !column->in_key &&
	    dice_below(&row->dice, 100) < FIRST_PERCENT)
		return 0;
	which = take_digit(column, row, count);
	if (!column->spread)
		return (int64_t)which;
	/* Every second enterprise begins elsewhere in the list. */
	shift = (row->subject->own >> 40) % (count * 2);
	return (int64_t)((which + (shift < count ? shift : 0)) % count);
}

static int64_t
draft_month(
    const struct plan *plan, const struct column *column, struct row *row)
{
	struct civil civil = civil_of(plan->today);
	uint64_t back = column->in_key ? take_digit(column, row, MONTHS) : 0;

	return (int64_t)(civil.year * 12 + civil.month - 2) - (int64_t)back;
}

static int64_t
draft_number(const struct column *column, struct dice *dice)
{
	switch (column->maker) {
	case MAKE_INTEGER:
		return dice_below(dice, 500);
	case MAKE_ARREARS:
		return dice_below(dice, 10) == 0 ? 100 * dice_below(dice, 20)
						 : 0;
	case MAKE_PERCENT:
		return 100 + dice_below(dice, 9900);
	case MAKE_CAPITAL:
		return 1000 * (1 + (int64_t)dice_below(dice, 200));
	default:
		return 100 + dice_below(dice,
				 column->field->in_wan ? 500000 : 90000000);
	}
}

static int64_t
draft_value(
    const struct plan *plan, const struct column *column, struct row *row)
{
	switch (column->maker) {
	case MAKE_CODE:
	case MAKE_CODE_FIRST:
		return draft_code(column, row);
	case MAKE_DATE_AHEAD:
		return plan->today + 1 +
		       (int64_t)take_digit(column, row, DAYS_AHEAD);
	case MAKE_DATE_PAST:
	case MAKE_DATE_END:
		return draft_past(plan, column, row);
	case MAKE_MONTH:
		return draft_month(plan, column, row);
	case MAKE_YEAR:
		return (int64_t)civil_of(plan->today).year - 1 -
		       (int64_t)take_digit(column, row, YEARS);
	case MAKE_BOOLEAN:
		return dice_below(&row->dice, 2);
	case MAKE_INTEGER:
	case MAKE_PERCENT:
	case MAKE_DECIMAL:
	case MAKE_MONEY:
	case MAKE_CAPITAL:
	case MAKE_ARREARS:
		return draft_number(column, &row->dice);
	case MAKE_MATTER:
		return dice_below(&row->dice, MATTERS);
	case MAKE_PHRASE:
		return dice_below(&row->dice, column->word_count);
	case MAKE_HOLDER:
		return dice_below(&row->dice, 3) == 0
			   ? 1 + dice_below(&row->dice, COMPANIES)
			   : 0;
	case MAKE_COMPANY:
	case MAKE_USCC:
		return 1 + dice_below(&row->dice, COMPANIES);
	default:
		return 0;
	}
}

static bool
is_filled(const struct column *column, struct row *row)
{
	uint32_t percent =
	    column->maker == MAKE_DATE_END ? ENDED_PERCENT : FILLED_PERCENT;

	return column->field->required || column->maker == MAKE_NAME ||
	       column->maker == MAKE_DIVISION ||
	       column->maker == MAKE_PROVINCE || column->maker == MAKE_CITY ||
	       dice_below(&row->dice, 100) < percent;
}

/* Amounts of money are in hundredths of a yuan. */
static void
draft_figures(const struct plan *plan, struct row *row)
{
	struct draft *drafts = row->drafts;
	struct size size;
	unsigned i;

	subject_size(row->subject, &size);
	for (i = FIGURE_NOTHING; i < DRAFTS; i++)
		drafts[i].shown = i != FIGURE_NOTHING;
	drafts[FIGURE_NOTHING].value = 0;
	drafts[FIGURE_STAFF].value = size.staff;
	drafts[FIGURE_TURNOVER].value = (int64_t)size.turnover * 100;
	drafts[FIGURE_MONTH].value = (int64_t)size.turnover * 100 / 12;
	drafts[FIGURE_CAPITAL].value = (int64_t)size.capital * 1000000;
	drafts[FIGURE_ESTABLISHED].value =
	    subject_established(row->subject, plan->today);
	drafts[FIGURE_TODAY].value = plan->today;
}

void
plan_draft(const struct plan *plan, struct row *row)
{
	size_t i;

	row->left = row->nth;
	row->taken = 0;
	row->bureau = dice_below(&row->dice, UINT32_MAX);
	draft_figures(plan, row);
	for (i = 0; i < plan->count; i++) {
		row->drafts[i].shown = is_filled(&plan->columns[i], row);
		row->drafts[i].value =
		    draft_value(plan, &plan->columns[i], row);
	}
	plan_agree(plan, row);
}
