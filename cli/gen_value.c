/*
 * gen_value: how each kind of value is made up.
 */
#include "cli/gen_value.h"

#include <string.h>

#define PICK(pen, list, dice)                                                  \
	pen_text(pen, (list)[dice_below(                                       \
			  dice, (uint32_t)(sizeof(list) / sizeof(*(list))))])

static const char *const matters[] = {"法定代表人变更", "注册资本变更",
    "经营范围变更", "住所变更", "名称变更", "投资人变更", "期限变更",
    "章程备案", "高级管理人员备案"};
#define MATTERS ((int64_t)(sizeof(matters) / sizeof(*matters)))
static const char *const bureaus[] = {"市场监督管理局", "税务局", "生态环境局",
    "应急管理局", "住房和城乡建设局", "交通运输局", "人力资源和社会保障局",
    "自然资源局", "农业农村局", "行政审批局"};
#define BUREAUS (sizeof(bureaus) / sizeof(*bureaus))
static const char *const banks[] = {"中国工商银行", "中国农业银行", "中国银行",
    "中国建设银行", "交通银行", "招商银行", "农村商业银行"};
static const char *const countries[] = {
    "中国香港", "美国", "日本", "德国", "新加坡", "韩国", "越南"};

void
pen_date(struct pen *pen, int64_t days)
{
	struct civil civil = civil_of(days);

	pen_digits(pen, civil.year, 4);
	pen_char(pen, '-');
	pen_digits(pen, civil.month, 2);
	pen_char(pen, '-');
	pen_digits(pen, civil.day, 2);
}

static void
pen_month(struct pen *pen, int64_t month)
{
	pen_digits(pen, (uint64_t)month / 12, 4);
	pen_char(pen, '-');
	pen_digits(pen, (uint64_t)month % 12 + 1, 2);
}

static void
pen_grouped(struct pen *pen, uint64_t number)
{
	if (number >= 1000) {
		pen_grouped(pen, number / 1000);
		pen_char(pen, ',');
		pen_digits(pen, number % 1000, 3);
	} else {
		pen_number(pen, number);
	}
}

static void
pen_hundredths(struct pen *pen, int64_t value)
{
	if (value < 0) {
		pen_char(pen, '-');
		value = -value;
	}
	pen_number(pen, (uint64_t)value / 100);
	pen_char(pen, '.');
	pen_digits(pen, (uint64_t)value % 100, 2);
}

/* The shapes that real registrations have, about as often.  The value is in
 * hundredths of 万元. */
static void
make_capital(const struct column *column, struct row *row, int64_t value,
    struct pen *pen)
{
	static const char *const shapes[] = {"(万元人民币)", "(万元人民币)",
	    "(万元人民币)", "(万元人民币)", "(万元)", "(万元)", "(万)", "(万)",
	    "万人民币", "万元人民币", "万元", "(万人民币元)", "（万元）",
	    "(万元(人民币))", ""};
	uint32_t shape = dice_below(&row->dice, 16);
	bool foreign = subject_is_foreign(row->subject);

	if (shape == 15 && !foreign) {
		pen_grouped(pen, (uint64_t)value * 100);
		pen_text(pen, "(人民币元)");
		return;
	}
	if (shape == 14)
		pen_number(pen, (uint64_t)value / 100);
	else
		pen_grouped(pen, (uint64_t)value / 100);
	if (value % 100 != 0 || shape == 0) {
		pen_char(pen, '.');
		pen_digits(pen, (uint64_t)value % 100 * 100, 4);
	}
	if (foreign)
		pen_text(pen, "(万美元)");
	else if (shape == 14 && !column->field->in_wan)
		pen_text(pen, "万元");
	else
		pen_text(pen, shapes[shape]);
}

/* Companies of other places; the number is the draft's. */
static void
other_company(const struct plan *plan, int64_t number, struct subject *other)
{
	subject_make(plan->places, plan->seed ^ 'O', (uint64_t)number, other);
}

static void
make_other_company(const struct plan *plan, int64_t number, struct pen *pen)
{
	struct subject other;

	other_company(plan, number, &other);
	subject_name(&other, pen);
}

static void
make_uscc(const struct plan *plan, int64_t number, struct pen *pen)
{
	struct subject other;

	other_company(plan, number, &other);
	pen_span(pen, other.uscc, USCC_LEN);
}

static unsigned
stamp_year(const struct plan *plan, const struct row *row)
{
	return civil_of(
	    plan->stamp >= 0 ? row->drafts[plan->stamp].value : plan->today - 1)
	    .year;
}

/* 执 for enforcement, 民初 for the judgment that it rests on. */
static void
make_case(const struct plan *plan, const struct column *column,
    const struct row *row, struct pen *pen)
{
	pen_text(pen, "（");
	pen_number(pen, stamp_year(plan, row));
	pen_text(pen, "）");
	pen_span(pen, row->subject->division->code, 4);
	pen_text(pen,
	    strcmp(column->field->name, "case_number") == 0 ? "执" : "民初");
	pen_number(pen, row->index + 1);
	pen_text(pen, "号");
}

static void
make_document(const struct plan *plan, const struct row *row, struct pen *pen)
{
	pen_text(pen, "政字〔");
	pen_number(pen, stamp_year(plan, row));
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
		pen_text(pen, bureaus[row->bureau % BUREAUS]);
	}
}

static void
make_supplier(const struct plan *plan, struct row *row, struct pen *pen)
{
	const char *item = plan->item->zh;

	pen_text(pen, place_short(row->subject->division));
	pen_text(pen, strstr(item, "电") != NULL   ? "供电公司"
		      : strstr(item, "水") != NULL ? "自来水有限公司"
						   : "燃气有限公司");
}

static void
make_holder(
    const struct plan *plan, struct row *row, int64_t company, struct pen *pen)
{
	if (company > 0)
		make_other_company(plan, company, pen);
	else
		person_name(&row->dice, pen);
}

/* Five of a hundred people are from abroad; trade is with there. */
static void
make_country(const struct column *column, struct dice *dice, struct pen *pen)
{
	if (strcmp(column->field->name, "countries") == 0 ||
	    dice_below(dice, 100) < 5)
		PICK(pen, countries, dice);
	else
		pen_text(pen, "中国");
}

static void
make_text(const struct plan *plan, const struct column *column, struct row *row,
    struct pen *pen)
{
	int64_t value = row->drafts[column - plan->columns].value;

	switch (column->maker) {
	case MAKE_NAME:
		subject_name(row->subject, pen);
		break;
	case MAKE_PERSON:
		person_name(&row->dice, pen);
		break;
	case MAKE_REPRESENTATIVE:
		subject_person(
		    row->subject, plan->of_people ? row->nth : 0, pen);
		break;
	case MAKE_SUPPLIER:
		make_supplier(plan, row, pen);
		break;
	case MAKE_HOLDER:
		make_holder(plan, row, value, pen);
		break;
	case MAKE_COMPANY:
		make_other_company(plan, value, pen);
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
		make_country(column, &row->dice, pen);
		break;
	case MAKE_ENTITY_TYPE:
		subject_type(row->subject, pen);
		break;
	case MAKE_MATTER:
		pen_text(pen, matters[value % MATTERS]);
		break;
	case MAKE_PHRASE:
		pen_text(pen, column->words[value % column->word_count]);
		break;
	default:
		make_place(row->subject, column->maker, pen);
	}
}

/* Numbers that name something: they differ from row to row, but a meter's
 * account stays its subject's. */
static void
make_identifier(const struct plan *plan, const struct column *column,
    struct row *row, struct pen *pen)
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
		make_case(plan, column, row, pen);
		break;
	case MAKE_DOCUMENT:
		make_document(plan, row, pen);
		break;
	case MAKE_ENTRY:
		pen_span(pen, row->subject->division->code, 4);
		pen_digits(pen, row->subject->own / 7 % 100000000000, 11);
		break;
	default:
		pen_span(pen, row->subject->division->code, 4);
		pen_digits(pen, row->index + 1, 11);
	}
}

static void
make_body(struct row *row, const struct plan *plan, struct pen *pen)
{
	subject_body_code(row->subject,
	    plan->bureau != NULL ? 50 : (unsigned)(row->bureau % BUREAUS), pen);
}

static void
make_number(const struct column *column, int64_t value, struct pen *pen)
{
	if (column->field->type != FIELD_INTEGER)
		pen_hundredths(pen, value);
	else
		pen_number(pen, (uint64_t)(value < 0 ? 0 : value));
}

/* A draft as a feed writes it. */
static void
make_drafted(const struct column *column, struct row *row, int64_t value,
    struct pen *pen)
{
	switch (column->field->type) {
	case FIELD_CODE:
		pen_text(pen, column->field->codes->codes[value].zh);
		break;
	case FIELD_DATE:
		pen_date(pen, value);
		break;
	case FIELD_MONTH:
		pen_month(pen, value);
		break;
	case FIELD_YEAR:
		pen_digits(pen, (uint64_t)value, 4);
		break;
	case FIELD_BOOLEAN:
		pen_text(pen, value == 0 ? "否" : "是");
		break;
	default:
		if (column->maker == MAKE_CAPITAL)
			make_capital(column, row, value, pen);
		else
			make_number(column, value, pen);
	}
}

static void
make_cell(const struct plan *plan, const struct column *column, struct row *row,
    struct pen *pen)
{
	int64_t value = row->drafts[column - plan->columns].value;
	const struct field *other;

	if (column->says >= 0) {
		other = plan->columns[column->says].field;
		pen_text(pen,
		    other->codes->codes[row->drafts[column->says].value].zh);
		return;
	}
	switch (column->maker) {
	case MAKE_NOTHING:
		break;
	case MAKE_USCC:
		make_uscc(plan, value, pen);
		break;
	case MAKE_BODY_USCC:
		make_body(row, plan, pen);
		break;
	case MAKE_HASH:
	case MAKE_ACCOUNT:
	case MAKE_CASE:
	case MAKE_DOCUMENT:
	case MAKE_SERIAL:
	case MAKE_ENTRY:
		make_identifier(plan, column, row, pen);
		break;
	default:
		if (column->field->type == FIELD_TEXT)
			make_text(plan, column, row, pen);
		else
			make_drafted(column, row, value, pen);
	}
}

void
plan_cell(const struct plan *plan, const struct column *column, struct row *row,
    struct pen *pen)
{
	char *start = pen->at;

	if (row->drafts[column - plan->columns].shown)
		make_cell(plan, column, row, pen);
	if (row->dirty == 0)
		return;
	if (column->dirt >= 0 && (row->dirty >> column->dirt & 1) != 0) {
		pen->at = start;
		plan_dirt(plan, column, pen);
	} else if (!column->field->required &&
		   (row->dirty >> DIRT_MISSING & 1) != 0) {
		pen->at = start;
		pen_text(pen, "N/A");
	}
}
