/*
 * gen_plan: how each field of an item will be made, from its type and name.
 */
#include "cli/gen_value.h"

#include <string.h>

struct named {
	const char *name;
	enum maker maker;
};

/* Fields by name; a leading or trailing star stands for anything. */
static const struct named by_name[] = {
    {"name", MAKE_NAME},
    {"representative", MAKE_REPRESENTATIVE},
    {"person_name", MAKE_REPRESENTATIVE},
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
    {"supplier", MAKE_SUPPLIER},
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
    {"document", MAKE_PHRASE},
    {"document_kind", MAKE_PHRASE},
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

	if (maker == MAKE_SERIAL &&
	    strcmp(field->name, "registration_number") == 0)
		return MAKE_ENTRY;
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
		return strstr(field->name, "authority") != NULL ? MAKE_BODY_USCC
								: MAKE_USCC;
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

/* Its years counted back from today; a day more where today is a 29th of
 * February. */
static int64_t
past_of(const struct plan *plan, unsigned years)
{
	struct civil civil = civil_of(plan->today);

	civil.year -= civil.year > 1970 + years ? years : civil.year - 1970;
	return civil_days(civil) - (civil.month == 2 && civil.day == 29);
}

static void
find_end(struct plan *plan)
{
	size_t i;

	plan->end = -1;
	plan->past = past_of(plan, plan->item->retention_years);
	for (i = 0; i < plan->count && plan->item->retention_years > 0; i++)
		if (plan->columns[i].field->type == FIELD_DATE &&
		    strcmp(plan->columns[i].field->name,
			plan->item->retention_from) == 0)
			plan->end = (int)i;
	if (plan->end >= 0 && plan->columns[plan->end].dirt < 0)
		plan->columns[plan->end].dirt = DIRT_RETENTION;
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
plan_column(
    struct column *column, const struct item *item, const struct field *field)
{
	*column = (struct column){.field = field,
	    .maker = choose_maker(field),
	    .dirt = -1,
	    .says = -1};
	if (column->maker != MAKE_PHRASE)
		return;
	column->words = words_for(item, field);
	column->word_count = (uint32_t)words_count(column->words);
}

/* What names a record differs from row to row. */
static void
own_key(struct column *column)
{
	if (column->in_key && column->maker == MAKE_ENTRY)
		column->maker = MAKE_SERIAL;
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
		plan_column(&plan->columns[i], item, &item->fields[i]);
	for (i = 0; i < item->key_count; i++) {
		plan->columns[item->key[i]].in_key = true;
		if (plan->columns[item->key[i]].maker == MAKE_HASH)
			plan->of_people = true;
	}
	for (i = 0; i < plan->count; i++) {
		silence_currency(plan, &item->fields[i]);
		own_key(&plan->columns[i]);
	}
	for (dirt = DIRT_DATE; dirt <= DIRT_TOO_LONG; dirt++)
		place_dirt(plan, (enum dirt)dirt);
	find_end(plan);
	plan->per_subject = rows_per_subject(plan);
	plan_bind(plan);
}
