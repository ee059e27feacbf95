/*
 * gen_value: how each kind of value is made up.
 */
#include "cli/gen_value.h"

#include <string.h>

#define MONTHS 120
#define YEARS 15
#define DAYS_PAST 3000
#define DAYS_AHEAD 1500
#define FILLED_PERCENT 85
#define ENDED_PERCENT 25
#define FIRST_PERCENT 90
#define MADE_UP_COMPANIES 100000

#define PICK(pen, list, dice)                                                  \
	pen_text(pen, list[dice_below(                                         \
			  dice, (uint32_t)(sizeof(list) / sizeof(*(list))))])

static const char *const matters[] = {"法定代表人变更", "注册资本变更",
    "经营范围变更", "住所变更", "名称变更", "投资人变更", "章程备案",
    "高级管理人员备案", "期限变更"};
static const char *const entity_types[] = {"有限责任公司(自然人独资)",
    "有限责任公司(自然人投资或控股)",
    "有限责任公司(自然人投资或控股的法人独资)", "有限责任公司(国有独资)",
    "股份有限公司(非上市、自然人投资或控股)", "个人独资企业", "有限合伙企业",
    "有限责任公司(台港澳与境内合资)"};
static const char *const bureaus[] = {"市场监督管理局", "税务局", "生态环境局",
    "应急管理局", "住房和城乡建设局", "交通运输局", "人力资源和社会保障局",
    "自然资源局", "农业农村局", "行政审批局"};
static const char *const banks[] = {"中国工商银行", "中国农业银行", "中国银行",
    "中国建设银行", "交通银行", "招商银行", "农村商业银行"};
static const char *const countries[] = {
    "中国", "中国", "中国", "中国香港", "美国", "日本", "德国", "新加坡"};

/* Howard Hinnant's days_from_civil, the other way. */
static void
civil(int64_t days, unsigned *year, unsigned *month, unsigned *day)
{
	uint64_t z = (uint64_t)(days + 719468), era = z / 146097;
	uint64_t doe = z % 146097;
	uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	uint64_t mp = (5 * doy + 2) / 153;

	*day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
	*month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	*year = (unsigned)(yoe + era * 400 + (*month <= 2));
}

void
pen_date(struct pen *pen, int64_t days)
{
	unsigned year, month, day;

	civil(days, &year, &month, &day);
	pen_digits(pen, year, 4);
	pen_char(pen, '-');
	pen_digits(pen, month, 2);
	pen_char(pen, '-');
	pen_digits(pen, day, 2);
}

/* What a key cell takes of the row's number, so that keys differ. */
static uint64_t
take_digit(const struct column *column, struct row *row, uint32_t radix)
{
	uint64_t digit;

	if (!column->in_key)
		return dice_below(&row->dice, radix);
	digit = row->nth % radix;
	row->nth /= radix;
	return digit;
}

static void
make_month(const struct plan *plan, uint64_t back, struct pen *pen)
{
	unsigned year, month, day, all;

	civil(plan->today, &year, &month, &day);
	all = year * 12 + month - 1 - (unsigned)back;
	pen_digits(pen, all / 12, 4);
	pen_char(pen, '-');
	pen_digits(pen, all % 12 + 1, 2);
}

static void
make_year(const struct plan *plan, uint64_t back, struct pen *pen)
{
	unsigned year, month, day;

	civil(plan->today, &year, &month, &day);
	pen_digits(pen, year - 1 - (unsigned)back, 4);
}

static void
make_date(const struct plan *plan, const struct column *column, struct row *row,
    struct pen *pen)
{
	uint64_t days;

	if (column->maker == MAKE_DATE_AHEAD) {
		days = take_digit(column, row, DAYS_AHEAD);
		pen_date(pen, plan->today + 1 + (int64_t)days);
		return;
	}
	days = take_digit(column, row, DAYS_PAST);
	pen_date(pen, plan->today - 1 - (int64_t)days);
}

/* The shapes that real registrations have. */
static void
make_capital(struct dice *dice, struct pen *pen)
{
	uint32_t shape = dice_below(dice, 10);
	uint32_t amount = 1 + dice_below(dice, 200);

	pen_number(pen, amount);
	if (shape == 0)
		pen_text(pen, ",000(万元)");
	else if (shape < 4)
		pen_text(pen, "0(万元人民币)");
	else if (shape < 6)
		pen_text(pen, "0万元人民币");
	else if (shape < 9)
		pen_text(pen, "0万元");
	else
		pen_text(pen, "万美元");
}

static void
make_number(const struct column *column, struct dice *dice, struct pen *pen)
{
	uint32_t most = column->is_small        ? 50
			: column->field->in_wan ? 5000
						: 900000;

	switch (column->maker) {
	case MAKE_INTEGER:
		pen_number(pen, dice_below(dice, 500));
		return;
	case MAKE_ARREARS:
		pen_number(pen,
		    dice_below(dice, 10) == 0 ? 1 + dice_below(dice, 20) : 0);
		return;
	case MAKE_PERCENT:
		pen_number(pen, 1 + dice_below(dice, 99));
		break;
	default:
		pen_number(pen, 1 + dice_below(dice, most));
	}
	pen_char(pen, '.');
	pen_digits(pen, dice_below(dice, 100), 2);
}

static void
make_other_company(const struct plan *plan, struct dice *dice, struct pen *pen)
{
	struct subject other;

	subject_make(plan->places, plan->seed ^ 'O',
	    dice_below(dice, MADE_UP_COMPANIES), &other);
	subject_name(&other, pen);
}

static void
make_uscc(const struct plan *plan, struct dice *dice, struct pen *pen)
{
	struct subject other;

	subject_make(plan->places, plan->seed ^ 'O',
	    dice_below(dice, MADE_UP_COMPANIES), &other);
	pen_span(pen, other.uscc, USCC_LEN);
}

static void
make_case(const struct row *row, struct dice *dice, struct pen *pen)
{
	pen_text(pen, "（");
	pen_number(pen, 2016 + dice_below(dice, 10));
	pen_text(pen, "）");
	pen_span(pen, row->subject->division->code, 4);
	pen_text(pen, "执");
	pen_number(pen, row->index + 1);
	pen_text(pen, "号");
}

static void
make_document(const struct row *row, struct dice *dice, struct pen *pen)
{
	pen_text(pen, "政字〔");
	pen_number(pen, 2016 + dice_below(dice, 10));
	pen_text(pen, "〕");
	pen_number(pen, row->index + 1);
	pen_text(pen, "号");
}

static void
make_hash(uint64_t value, struct pen *pen)
{
	int i;

	for (i = 60; i >= 0; i -= 4)
		pen_char(pen, "0123456789abcdef"[value >> i & 15]);
}

static void
make_place(const struct subject *subject, enum maker maker, struct pen *pen)
{
	switch (maker) {
	case MAKE_PROVINCE:
		pen_text(pen, place_short(subject->province));
		break;
	case MAKE_CITY:
		pen_text(pen, place_short(subject->division));
		break;
	case MAKE_POSTCODE:
		pen_digits(pen, 100000 + subject->own % 700000, 6);
		break;
	default:
		pen_span(pen, subject->division->code, 4);
		pen_text(pen, "00");
	}
}

static void
make_contact(struct row *row, enum maker maker, struct pen *pen)
{
	uint64_t own = row->subject->own;

	if (maker == MAKE_PHONE) {
		pen_text(pen, "0");
		pen_number(pen, 10 + own % 900);
		pen_char(pen, '-');
		pen_number(pen, 60000000 + own / 1000 % 29999999);
		return;
	}
	pen_text(pen, maker == MAKE_EMAIL ? "office@" : "www.");
	pen_char(pen, (char)('a' + own % 26));
	pen_number(pen, own / 26 % 1000000);
	pen_text(pen, ".example.com");
}

static void
make_organ(
    const struct plan *plan, struct row *row, enum maker maker, struct pen *pen)
{
	pen_text(pen, place_short(row->subject->division));
	if (maker == MAKE_COURT) {
		pen_text(pen, "中级人民法院");
	} else if (maker == MAKE_BANK) {
		PICK(pen, banks, &row->dice);
		pen_text(pen, "支行");
	} else if (plan->bureau != NULL) {
		pen_text(pen, plan->bureau);
	} else {
		PICK(pen, bureaus, &row->dice);
	}
}

static void
make_holder(const struct plan *plan, struct row *row, struct pen *pen)
{
	if (dice_below(&row->dice, 3) == 0)
		make_other_company(plan, &row->dice, pen);
	else
		person_name(&row->dice, pen);
}

static void
make_text(const struct plan *plan, const struct column *column, struct row *row,
    struct pen *pen)
{
	switch (column->maker) {
	case MAKE_NAME:
		subject_name(row->subject, pen);
		break;
	case MAKE_PERSON:
		person_name(&row->dice, pen);
		break;
	case MAKE_HOLDER:
		make_holder(plan, row, pen);
		break;
	case MAKE_COMPANY:
		make_other_company(plan, &row->dice, pen);
		break;
	case MAKE_AUTHORITY:
	case MAKE_COURT:
	case MAKE_BANK:
		make_organ(plan, row, column->maker, pen);
		break;
	case MAKE_ADDRESS:
		subject_address(row->subject, pen);
		break;
	case MAKE_SCOPE:
		subject_scope(row->subject, pen);
		break;
	case MAKE_INDUSTRY:
		subject_industry(row->subject, pen);
		break;
	case MAKE_PHONE:
	case MAKE_EMAIL:
	case MAKE_WEBSITE:
		make_contact(row, column->maker, pen);
		break;
	case MAKE_COUNTRY:
		PICK(pen, countries, &row->dice);
		break;
	case MAKE_ENTITY_TYPE:
		PICK(pen, entity_types, &row->dice);
		break;
	case MAKE_MATTER:
		PICK(pen, matters, &row->dice);
		break;
	case MAKE_PHRASE:
		pen_text(pen,
		    column->words[dice_below(&row->dice, column->word_count)]);
		break;
	default:
		make_place(row->subject, column->maker, pen);
	}
}

/* Numbers that name something: they differ from row to row, but a meter's
 * account stays its subject's. */
static void
make_identifier(const struct column *column, struct row *row, struct pen *pen)
{
	switch (column->maker) {
	case MAKE_HASH:
		make_hash(row->subject->own ^
			      (row->nth + 1) * UINT64_C(0x9e3779b97f4a7c15),
		    pen);
		break;
	case MAKE_ACCOUNT:
		pen_digits(pen, row->subject->own % 10000000000, 10);
		break;
	case MAKE_CASE:
		make_case(row, &row->dice, pen);
		break;
	case MAKE_DOCUMENT:
		make_document(row, &row->dice, pen);
		break;
	default:
		pen_span(pen, row->subject->division->code, 4);
		pen_digits(pen, row->index + 1, 11);
	}
}

static void
make_code(const struct column *column, struct row *row, struct pen *pen)
{
	const struct code_list *list = column->field->codes;
	uint64_t which;

	if (column->maker == MAKE_CODE_FIRST && !column->in_key &&
	    dice_below(&row->dice, 100) < FIRST_PERCENT)
		which = 0;
	else
		which = take_digit(column, row, (uint32_t)list->count);
	pen_text(pen, list->codes[which].zh);
}

static void
make_cell(const struct plan *plan, const struct column *column, struct row *row,
    struct pen *pen)
{
	switch (column->maker) {
	case MAKE_NOTHING:
		break;
	case MAKE_CODE:
	case MAKE_CODE_FIRST:
		make_code(column, row, pen);
		break;
	case MAKE_DATE_PAST:
	case MAKE_DATE_AHEAD:
	case MAKE_DATE_END:
		make_date(plan, column, row, pen);
		break;
	case MAKE_MONTH:
		make_month(plan,
		    1 + (column->in_key ? take_digit(column, row, MONTHS) : 0),
		    pen);
		break;
	case MAKE_YEAR:
		make_year(plan, take_digit(column, row, YEARS), pen);
		break;
	case MAKE_INTEGER:
	case MAKE_PERCENT:
	case MAKE_DECIMAL:
	case MAKE_MONEY:
	case MAKE_ARREARS:
		make_number(column, &row->dice, pen);
		break;
	case MAKE_CAPITAL:
		make_capital(&row->dice, pen);
		break;
	case MAKE_BOOLEAN:
		pen_text(pen, dice_below(&row->dice, 2) == 0 ? "否" : "是");
		break;
	case MAKE_USCC:
		make_uscc(plan, &row->dice, pen);
		break;
	case MAKE_HASH:
	case MAKE_ACCOUNT:
	case MAKE_CASE:
	case MAKE_DOCUMENT:
	case MAKE_SERIAL:
		make_identifier(column, row, pen);
		break;
	default:
		make_text(plan, column, row, pen);
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

void
plan_cell(const struct plan *plan, const struct column *column, struct row *row,
    struct pen *pen)
{
	char *start = pen->at;
	bool filled = is_filled(column, row);

	if (filled)
		make_cell(plan, column, row, pen);
	if (row->dirty == 0)
		return;
	if (column->dirt >= 0 && (row->dirty >> column->dirt & 1) != 0) {
		pen->at = start;
		plan_dirt(column, pen);
	} else if (!column->field->required &&
		   (row->dirty >> DIRT_MISSING & 1) != 0) {
		pen->at = start;
		pen_text(pen, "N/A");
	}
}
