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

struct named {
	const char *name;
	enum maker maker;
};

/* Fields by name; a leading or trailing star stands for anything. */
static const struct named by_name[] = {
    {"name", MAKE_NAME},
    {"representative", MAKE_PERSON},
    {"person_name", MAKE_PERSON},
    {"liquidator", MAKE_PERSON},
    {"inventor", MAKE_PERSON},
    {"person", MAKE_HASH},
    {"shareholder", MAKE_HOLDER},
    {"applicant", MAKE_HOLDER},
    {"pledgee", MAKE_BANK},
    {"mortgagee", MAKE_BANK},
    {"creditor", MAKE_BANK},
    {"equity_company", MAKE_COMPANY},
    {"investments", MAKE_COMPANY},
    {"supplier", MAKE_COMPANY},
    {"body", MAKE_COMPANY},
    {"administrator", MAKE_COMPANY},
    {"court", MAKE_COURT},
    {"seizing_authority", MAKE_COURT},
    {"basis_authority", MAKE_COURT},
    {"*authority", MAKE_AUTHORITY},
    {"agency", MAKE_AUTHORITY},
    {"centre", MAKE_AUTHORITY},
    {"customs", MAKE_AUTHORITY},
    {"address", MAKE_ADDRESS},
    {"location", MAKE_ADDRESS},
    {"site", MAKE_ADDRESS},
    {"scope", MAKE_SCOPE},
    {"industry", MAKE_INDUSTRY},
    {"province", MAKE_PROVINCE},
    {"city", MAKE_CITY},
    {"division", MAKE_DIVISION},
    {"postcode", MAKE_POSTCODE},
    {"phone", MAKE_PHONE},
    {"email", MAKE_EMAIL},
    {"website", MAKE_WEBSITE},
    {"account", MAKE_ACCOUNT},
    {"case_number", MAKE_CASE},
    {"basis_number", MAKE_CASE},
    {"*document*", MAKE_DOCUMENT},
    {"*number", MAKE_SERIAL},
    {"customs_code", MAKE_SERIAL},
    {"country", MAKE_COUNTRY},
    {"nationality", MAKE_COUNTRY},
    {"countries", MAKE_COUNTRY},
    {"entity_type", MAKE_ENTITY_TYPE},
    {"matter", MAKE_MATTER},
    {NULL, MAKE_PHRASE},
};

static const struct named dates_by_name[] = {
    {"*until", MAKE_DATE_AHEAD},
    {"*_end", MAKE_DATE_AHEAD},
    {"due", MAKE_DATE_AHEAD},
    {"removed", MAKE_DATE_END},
    {"withdrawn", MAKE_DATE_END},
    {"released", MAKE_DATE_END},
    {"closed", MAKE_DATE_END},
    {"cancelled", MAKE_DATE_END},
    {"suspended", MAKE_DATE_END},
    {"repaired_date", MAKE_DATE_END},
    {NULL, MAKE_DATE_PAST},
};

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

static bool
name_matches(const char *pattern, const char *name)
{
	size_t len = strlen(pattern), name_len = strlen(name);
	char inner[32];

	if (pattern[0] != '*')
		return strcmp(pattern, name) == 0;
	if (pattern[len - 1] == '*') {
		memcpy(inner, pattern + 1, len - 2);
		inner[len - 2] = '\0';
		return strstr(name, inner) != NULL;
	}
	return name_len >= len - 1 &&
	       strcmp(name + name_len - (len - 1), pattern + 1) == 0;
}

static enum maker
maker_named(const struct named *list, const char *name)
{
	for (; list->name != NULL; list++)
		if (name_matches(list->name, name))
			break;
	return list->maker;
}

static enum maker
text_maker(const struct field *field)
{
	enum maker maker = maker_named(by_name, field->name);

	if (maker == MAKE_SCOPE && field->max < 400)
		return MAKE_PHRASE;
	if (maker == MAKE_INDUSTRY && field->max > 20)
		return MAKE_PHRASE;
	return maker;
}

static enum maker
code_maker(const struct field *field)
{
	static const char *const steady[] = {
	    "status", "subject_kind", "currency", "breach", "certificate_kind"};
	size_t i;

	for (i = 0; i < sizeof(steady) / sizeof(*steady); i++)
		if (strstr(field->name, steady[i]) != NULL)
			return MAKE_CODE_FIRST;
	return MAKE_CODE;
}

static enum maker
number_maker(const struct field *field)
{
	if (strstr(field->name, "arrears") != NULL ||
	    strcmp(field->name, "late_fee") == 0)
		return MAKE_ARREARS;
	if (field->type == FIELD_INTEGER)
		return MAKE_INTEGER;
	if (field->type == FIELD_MONEY)
		return field->currency_to != NULL ? MAKE_CAPITAL : MAKE_MONEY;
	return strstr(field->name, "share") != NULL ||
		       strstr(field->name, "rate") != NULL
		   ? MAKE_PERCENT
		   : MAKE_DECIMAL;
}

static enum maker
choose_maker(const struct field *field)
{
	switch (field->type) {
	case FIELD_TEXT:
		return text_maker(field);
	case FIELD_CODE:
		return code_maker(field);
	case FIELD_DATE:
		return maker_named(dates_by_name, field->name);
	case FIELD_MONTH:
		return MAKE_MONTH;
	case FIELD_YEAR:
		return MAKE_YEAR;
	case FIELD_INTEGER:
	case FIELD_DECIMAL:
	case FIELD_MONEY:
		return number_maker(field);
	case FIELD_BOOLEAN:
		return MAKE_BOOLEAN;
	case FIELD_USCC:
		return MAKE_USCC;
	}
	return MAKE_PHRASE;
}

static bool
takes_dirt(const struct field *field, enum dirt dirt)
{
	switch (dirt) {
	case DIRT_DATE:
		return field->type == FIELD_DATE ||
		       field->type == FIELD_MONTH || field->type == FIELD_YEAR;
	case DIRT_NUMBER:
		return field->type == FIELD_INTEGER ||
		       field->type == FIELD_DECIMAL ||
		       field->type == FIELD_MONEY;
	case DIRT_CODE:
		return field->type == FIELD_CODE;
	case DIRT_REQUIRED:
		return field->required;
	case DIRT_TOO_LONG:
		return field->type == FIELD_TEXT && field->max < CELL_ROOM - 1;
	default:
		return false;
	}
}

/* The dirt hits a required column when there is one, so that the row is
 * rejected; otherwise an optional one. */
static void
place_dirt(struct plan *plan, enum dirt dirt)
{
	struct column *column, *found = NULL;
	size_t i;

	for (i = 0; i < plan->count; i++) {
		column = &plan->columns[i];
		if (column->dirt >= 0 || !takes_dirt(column->field, dirt))
			continue;
		if (found == NULL ||
		    (column->field->required && !found->field->required))
			found = column;
	}
	if (found != NULL)
		found->dirt = (int)dirt;
}

static unsigned
rows_per_subject(const struct plan *plan)
{
	unsigned rows = plan->item->key_count == 0 ? 1 : 2;
	size_t i;

	for (i = 0; i < plan->count; i++) {
		if (!plan->columns[i].in_key)
			continue;
		if (plan->columns[i].maker == MAKE_MONTH)
			rows = 12;
		if (plan->columns[i].maker == MAKE_YEAR)
			rows = 3;
	}
	return rows;
}

/* An amount brings its currency along. */
static void
silence_currency(struct plan *plan, const struct field *money)
{
	size_t i;

	for (i = 0; money->currency_to != NULL && i < plan->count; i++)
		if (strcmp(plan->columns[i].field->name, money->currency_to) ==
		    0)
			plan->columns[i].maker = MAKE_NOTHING;
}

static void
plan_column(struct column *column, const struct field *field)
{
	*column = (struct column){
	    .field = field, .maker = choose_maker(field), .dirt = -1};
	if (column->maker != MAKE_PHRASE)
		return;
	column->words = words_for(field);
	column->word_count = (uint32_t)words_count(column->words);
}

void
plan_init(struct plan *plan, const struct item *item)
{
	int dirt;
	size_t i;

	plan->item = item;
	plan->bureau = words_bureau(item);
	plan->count = item->field_count;
	for (i = 0; i < plan->count; i++)
		plan_column(&plan->columns[i], &item->fields[i]);
	for (i = 0; i < item->key_count; i++)
		plan->columns[item->key[i]].in_key = true;
	for (i = 0; i < plan->count; i++)
		silence_currency(plan, &item->fields[i]);
	for (dirt = DIRT_DATE; dirt <= DIRT_TOO_LONG; dirt++)
		place_dirt(plan, (enum dirt)dirt);
	plan->per_subject = rows_per_subject(plan);
}

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
	bool wan = column->field->in_wan;

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
		pen_number(pen, 1 + dice_below(dice, wan ? 5000 : 900000));
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
		make_month(plan, 1 + take_digit(column, row, MONTHS), pen);
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

static void
make_dirt(const struct column *column, struct pen *pen)
{
	switch (column->dirt) {
	case DIRT_DATE:
		pen_text(pen, "2024-13-45");
		break;
	case DIRT_NUMBER:
		pen_text(pen, "约若干");
		break;
	case DIRT_CODE:
		pen_text(pen, "不在代码表中的值");
		break;
	case DIRT_TOO_LONG:
		memset(pen->at, 'X', column->field->max + 1);
		pen->at += column->field->max + 1;
		break;
	default: /* DIRT_REQUIRED: nothing */
		break;
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
		make_dirt(column, pen);
	} else if (!column->field->required &&
		   (row->dirty >> DIRT_MISSING & 1) != 0) {
		pen->at = start;
		pen_text(pen, "N/A");
	}
}

/* Fifteen digits before 2015, with their ISO 7064 MOD 11,10 check digit. */
static void
old_number(const struct row *row, struct pen *pen)
{
	unsigned product = 10, digit;
	char *start = pen->at;
	int i;

	pen_span(pen, row->subject->uscc + 2, 6);
	pen_digits(pen, row->index % 100000000, 8);
	for (i = 0; i < 14; i++) {
		digit = (product + (unsigned)(start[i] - '0')) % 10;
		product = (digit == 0 ? 10 : digit) * 2 % 11;
	}
	pen_digits(pen, (11 - product) % 10, 1);
}

static void
full_width(const char *text, struct pen *pen)
{
	for (; *text != '\0'; text++) {
		pen_char(pen, '\xef');
		pen_char(pen, '\xbc');
		pen_char(pen, (char)(*text + 0x60));
	}
}

static void
dirty_code(const struct row *row, int dirt, struct pen *pen)
{
	char code[USCC_LEN + 1];

	memcpy(code, row->subject->uscc, sizeof(code));
	switch (dirt) {
	case DIRT_USCC:
		code[17] = code[17] == 'Y' ? '0' : 'Y';
		break;
	case DIRT_USCC_LENGTH:
		code[17] = '\0';
		break;
	case DIRT_USCC_CHARACTER:
		code[11] = 'I';
		break;
	default: /* DIRT_USCC_PROVINCE */
		memcpy(code + 2, "99", 2);
		code[17] = uscc_check_character(code);
	}
	pen_text(pen, code);
}

void
plan_uscc(const struct row *row, struct pen *pen)
{
	int dirt;

	for (dirt = DIRT_USCC; dirt <= DIRT_USCC_PROVINCE; dirt++)
		if ((row->dirty >> dirt & 1) != 0)
			break;
	if (dirt == DIRT_USCC_OLD)
		old_number(row, pen);
	else if (dirt <= DIRT_USCC_PROVINCE)
		dirty_code(row, dirt, pen);
	else if ((row->dirty >> DIRT_FULL_WIDTH & 1) != 0)
		full_width(row->subject->uscc, pen);
	else
		pen_span(pen, row->subject->uscc, USCC_LEN);
}
