/*
 * value: one cell, made canonical.
 *
 * The folded text stands at the end of `out` while it is read; what is not a
 * text is then replaced there by its canonical form.
 */
#include "credit/value.h"

#include <strings.h>

#include "base/clock.h"
#include "base/text.h"
#include "credit/fold.h"
#include "credit/money.h"
#include "credit/uscc.h"

#define NUMBER_DIGITS_MAX 18
#define PRINTED_MAX 48

/* What departments write where they have nothing to say. */
bool
value_is_missing(struct span text)
{
	static const struct span words[] = {{"N/A", 3}, {"NA", 2}, {"无", 3},
	    {"-", 1}, {"—", 3}, {"--", 2}, {"——", 6}, {"null", 4}, {"暂无", 6},
	    {"不详", 6}, {"\\N", 2}};
	size_t i;

	if (text.len == 0)
		return true;
	if (text.len > 6)
		return false;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (text.len == words[i].len &&
		    (text.ptr[0] | ' ') == (words[i].ptr[0] | ' ') &&
		    strncasecmp(text.ptr, words[i].ptr, text.len) == 0)
			return true;
	}
	return false;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
eat(struct span *text, const char *word)
{
	size_t len = strlen(word);

	if (text->len < len || memcmp(text->ptr, word, len) != 0)
		return false;
	text->ptr += len;
	text->len -= len;
	return true;
}

/* At least `min`, at most `max` digits. */
static bool
eat_number(struct span *text, size_t min, size_t max, int *number)
{
	size_t i;

	*number = 0;
	for (i = 0; i < max && i < text->len && is_digit(text->ptr[i]); i++)
		*number = *number * 10 + (text->ptr[i] - '0');
	text->ptr += i;
	text->len -= i;
	return i >= min;
}

/* "-", "/", ".", or the Chinese unit; remembers which. */
static bool
eat_separator(struct span *text, const char *unit, const char **separator)
{
	static const char *const signs[] = {"-", "/", ".", NULL};
	size_t i;

	if (*separator != NULL)
		return eat(
		    text, strcmp(*separator, "年") == 0 ? unit : *separator);
	if (eat(text, "年")) {
		*separator = "年";
		return true;
	}
	for (i = 0; signs[i] != NULL; i++) {
		if (eat(text, signs[i])) {
			*separator = signs[i];
			return true;
		}
	}
	return false;
}

/* A time of the day behind a date says nothing that is kept, but must look
 * like one. */
static bool
is_time(struct span text)
{
	size_t i, digits = 0;

	if (text.len == 0)
		return true;
	if (text.ptr[0] != ' ' && text.ptr[0] != 'T')
		return false;
	for (i = 1; i < text.len; i++) {
		if (is_digit(text.ptr[i]))
			digits++;
		else if (strchr(":.+-Z ", text.ptr[i]) == NULL)
			return false;
	}
	return digits >= 2 && text.len <= 32;
}

struct day {
	int year, month, day;
};

static bool
year_is_fine(int year)
{
	return year >= 1800 && year <= 2200;
}

/* Eight digits in a row, or three numbers with separators. */
static bool
day_parse(struct span text, struct day *day)
{
	const char *separator = NULL;
	bool chinese;

	if (!eat_number(&text, 4, 4, &day->year))
		return false;
	if (text.len >= 4 && is_digit(text.ptr[0])) {
		if (!eat_number(&text, 2, 2, &day->month) ||
		    !eat_number(&text, 2, 2, &day->day))
			return false;
	} else {
		if (!eat_separator(&text, "年", &separator) ||
		    !eat_number(&text, 1, 2, &day->month) ||
		    !eat_separator(&text, "月", &separator) ||
		    !eat_number(&text, 1, 2, &day->day))
			return false;
		chinese = strcmp(separator, "年") == 0;
		if (chinese && !eat(&text, "日"))
			return false;
	}
	return is_time(text) && year_is_fine(day->year) &&
	       clock_is_date(day->year, day->month, day->day);
}

static bool
month_parse(struct span text, struct day *day)
{
	const char *separator = NULL;

	if (!eat_number(&text, 4, 4, &day->year))
		return false;
	if (text.len == 2 && is_digit(text.ptr[0])) {
		if (!eat_number(&text, 2, 2, &day->month))
			return false;
	} else if (!eat_separator(&text, "年", &separator) ||
		   !eat_number(&text, 1, 2, &day->month) ||
		   (strcmp(separator, "年") == 0 && !eat(&text, "月"))) {
		return false;
	}
	return text.len == 0 && year_is_fine(day->year) && day->month >= 1 &&
	       day->month <= 12;
}

static bool
year_parse(struct span text, int *year)
{
	if (!eat_number(&text, 4, 4, year))
		return false;
	if (!eat(&text, "年度"))
		eat(&text, "年");
	return text.len == 0 && year_is_fine(*year);
}

/* Two digits at `out`. */
static char *
put_two(char *out, int number)
{
	out[0] = (char)('0' + number / 10);
	out[1] = (char)('0' + number % 10);
	return out + 2;
}

/* The date forms, into `out`; returns the length, 0 when it is none. */
static size_t
print_date(enum field_type type, struct span text, char out[PRINTED_MAX])
{
	struct day day = {0};
	char *at;

	if ((type == FIELD_DATE && !day_parse(text, &day)) ||
	    (type == FIELD_MONTH && !month_parse(text, &day)) ||
	    (type == FIELD_YEAR && !year_parse(text, &day.year)))
		return 0;
	at = put_two(put_two(out, day.year / 100), day.year % 100);
	if (type == FIELD_YEAR)
		return 4;
	*at++ = '-';
	at = put_two(at, day.month);
	if (type == FIELD_MONTH)
		return 7;
	*at++ = '-';
	put_two(at, day.day);
	return 10;
}

/* Digits before and behind the point, separators of thousands dropped. */
struct number {
	bool negative;
	char whole[NUMBER_DIGITS_MAX];
	size_t whole_len;
	char fraction[NUMBER_DIGITS_MAX];
	size_t fraction_len;
};

static bool
number_read_whole(struct number *number, struct span *text)
{
	size_t i, group = 0;
	bool grouped = false, any = false;

	for (i = 0; i < text->len; i++) {
		char c = text->ptr[i];

		if (c == ',' && any && (grouped ? group == 3 : group <= 3)) {
			grouped = true;
			group = 0;
			continue;
		}
		if (!is_digit(c))
			break;
		any = true;
		group++;
		if (c == '0' && number->whole_len == 0)
			continue;
		if (number->whole_len == NUMBER_DIGITS_MAX)
			return false;
		number->whole[number->whole_len++] = c;
	}
	text->ptr += i;
	text->len -= i;
	return any && (!grouped || group == 3);
}

static bool
number_parse(struct span text, struct number *number)
{
	size_t i;

	if (text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+')) {
		number->negative = text.ptr[0] == '-';
		text = span_make(text.ptr + 1, text.len - 1);
	}
	if (!number_read_whole(number, &text))
		return false;
	if (text.len == 0)
		return true;
	if (text.len < 2 || text.ptr[0] != '.')
		return false;
	while (text.len > 1 && text.ptr[text.len - 1] == '0')
		text.len--;
	if (text.len - 1 > NUMBER_DIGITS_MAX)
		return false;
	for (i = 1; i < text.len; i++) {
		if (!is_digit(text.ptr[i]))
			return false;
		number->fraction[number->fraction_len++] = text.ptr[i];
	}
	return true;
}

/* A whole number of a spreadsheet may read "12.00". */
static size_t
print_number(enum field_type type, struct span text, char out[PRINTED_MAX])
{
	struct number number = {0};
	size_t len = 0;

	if (!number_parse(text, &number) ||
	    (type == FIELD_INTEGER && number.fraction_len > 0))
		return 0;
	if (number.negative && number.whole_len + number.fraction_len > 0)
		out[len++] = '-';
	if (number.whole_len == 0)
		out[len++] = '0';
	memcpy(out + len, number.whole, number.whole_len);
	len += number.whole_len;
	if (number.fraction_len == 0)
		return len;
	out[len++] = '.';
	memcpy(out + len, number.fraction, number.fraction_len);
	return len + number.fraction_len;
}

static size_t
print_boolean(struct span text, char out[PRINTED_MAX])
{
	static const char *const yes[] = {
	    "true", "yes", "y", "1", "是", "有", "真", NULL};
	static const char *const no[] = {
	    "false", "no", "n", "0", "否", "没有", "假", NULL};
	size_t i;

	for (i = 0; yes[i] != NULL; i++) {
		if (text.len == strlen(yes[i]) &&
		    strncasecmp(text.ptr, yes[i], text.len) == 0) {
			memcpy(out, "true", 4);
			return 4;
		}
		if (text.len == strlen(no[i]) &&
		    strncasecmp(text.ptr, no[i], text.len) == 0) {
			memcpy(out, "false", 5);
			return 5;
		}
	}
	return 0;
}

static enum value_fault
check_text(const struct field *field, struct span text)
{
	if (field->max > 0 && text.len > field->max &&
	    text_count(text) > field->max)
		return VALUE_TOO_LONG;
	return VALUE_OK;
}

static enum value_fault
normalise_code(
    const struct field *field, struct span text, struct buf *out, size_t start)
{
	const struct code *code = code_list_find(field->codes, text);

	out->len = start;
	if (code == NULL)
		return VALUE_NOT_LISTED;
	buf_text(out, code->code);
	return VALUE_OK;
}

static enum value_fault
normalise_money(const struct field *field, struct span text, struct buf *out,
    char currency[4])
{
	size_t start = out->len - text.len;
	char printed[MONEY_TEXT_MAX];
	enum money_fault fault;
	char said[4] = "CNY";

	fault = money_normalise(text, field->in_wan, printed, said);
	out->len = start;
	if (fault == MONEY_EMPTY)
		return VALUE_MISSING;
	if (fault != MONEY_OK ||
	    (field->currency_to == NULL && strcmp(said, "CNY") != 0))
		return VALUE_TYPE;
	buf_text(out, printed);
	if (currency != NULL)
		memcpy(currency, said, sizeof(said));
	return VALUE_OK;
}

/* Types whose canonical form is short. */
static enum value_fault
normalise_short(
    const struct field *field, struct span text, struct buf *out, size_t start)
{
	char printed[PRINTED_MAX];
	size_t len = 0;

	switch (field->type) {
	case FIELD_DATE:
	case FIELD_MONTH:
	case FIELD_YEAR:
		len = print_date(field->type, text, printed);
		break;
	case FIELD_INTEGER:
		len = print_number(field->type, text, printed);
		break;
	case FIELD_DECIMAL:
		if (field->unit != NULL && strcmp(field->unit, "%") == 0 &&
		    text.len > 1 && text.ptr[text.len - 1] == '%')
			text.len--;
		len = print_number(field->type, text, printed);
		break;
	case FIELD_BOOLEAN:
		len = print_boolean(text, printed);
		break;
	case FIELD_USCC:
		return uscc_check(text) == USCC_OK ? VALUE_OK : VALUE_TYPE;
	default:
		return VALUE_TYPE;
	}
	out->len = start;
	buf_add(out, printed, len);
	return len > 0 ? VALUE_OK : VALUE_TYPE;
}

enum value_fault
value_normalise(const struct field *field, struct span raw, struct buf *out,
    char currency[4])
{
	size_t start = out->len;
	struct span text = fold_add(raw, out);
	enum value_fault fault;

	if (value_is_missing(text))
		fault = VALUE_MISSING;
	else if (field->type == FIELD_TEXT)
		fault = check_text(field, text);
	else if (field->type == FIELD_CODE)
		fault = normalise_code(field, text, out, start);
	else if (field->type == FIELD_MONEY)
		fault = normalise_money(field, text, out, currency);
	else
		fault = normalise_short(field, text, out, start);
	if (fault != VALUE_OK)
		out->len = start;
	return fault;
}

const char *
value_rule(const struct field *field, enum value_fault fault)
{
	static const char *const types[] = {"type_text", "type_code",
	    "type_date", "type_month", "type_year", "type_integer",
	    "type_decimal", "type_money", "type_boolean", "type_uscc"};

	switch (fault) {
	case VALUE_OK:
		return NULL;
	case VALUE_MISSING:
		return "required";
	case VALUE_TYPE:
		return types[field->type];
	case VALUE_TOO_LONG:
		return "too_long";
	case VALUE_NOT_LISTED:
		return "code_list";
	}
	return NULL;
}

/* Days from 1970-01-01, by years that begin in March, so that the leap day
 * is the last. */
int64_t
value_day_us(struct span date)
{
	int64_t year, month, day, days;

	if (date.len != 10)
		return 0;
	year = (date.ptr[0] - '0') * 1000 + (date.ptr[1] - '0') * 100 +
	       (date.ptr[2] - '0') * 10 + (date.ptr[3] - '0');
	month = (date.ptr[5] - '0') * 10 + (date.ptr[6] - '0');
	day = (date.ptr[8] - '0') * 10 + (date.ptr[9] - '0');
	year -= month <= 2;
	month = (month + 9) % 12;
	days = year * 365 + year / 4 - year / 100 + year / 400 +
	       (month * 153 + 2) / 5 + day - 1 - 719468;
	return days * 86400 * CLOCK_SECOND;
}
