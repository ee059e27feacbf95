/*
 * money: numbers, scales and currencies of amounts.
 *
 * The shapes are those of real registrations: 25 and more ways to write a
 * registered capital.
 */
#include "credit/money.h"

#define DIGITS_MAX 48
#define WHOLE_MAX 18
#define DECIMALS 2

struct word {
	const char *text;
	size_t len;
	const char *currency; /* NULL: none */
	int scale;            /* power of ten; -1: says no unit */
};

#define WORD(text, currency, scale)                                            \
	{                                                                      \
		text, sizeof(text) - 1, currency, scale                        \
	}

/* The frequent ones first; longer words before those they begin with. */
static const struct word words[] = {WORD("(", NULL, -1), WORD(")", NULL, -1),
    WORD("万", NULL, 4), WORD("元", NULL, 0), WORD(" ", NULL, -1),
    WORD("人民币元", "CNY", 0), WORD("人民币", "CNY", -1),
    WORD("美元", "USD", 0), WORD("美金", "USD", 0), WORD("港币元", "HKD", 0),
    WORD("港币", "HKD", -1), WORD("港元", "HKD", 0), WORD("香港元", "HKD", 0),
    WORD("日元", "JPY", 0), WORD("日圆", "JPY", 0), WORD("欧元", "EUR", 0),
    WORD("德国马克", "DEM", 0), WORD("马克", "DEM", 0), WORD("英镑", "GBP", 0),
    WORD("加拿大元", "CAD", 0), WORD("加元", "CAD", 0),
    WORD("新加坡元", "SGD", 0), WORD("新元", "SGD", 0),
    WORD("澳大利亚元", "AUD", 0), WORD("澳元", "AUD", 0),
    WORD("澳门元", "MOP", 0), WORD("澳门币", "MOP", 0),
    WORD("瑞士法郎", "CHF", 0), WORD("法国法郎", "FRF", 0),
    WORD("瑞典克朗", "SEK", 0), WORD("丹麦克朗", "DKK", 0),
    WORD("挪威克朗", "NOK", 0), WORD("韩国元", "KRW", 0),
    WORD("韩元", "KRW", 0), WORD("韩圆", "KRW", 0), WORD("新台币", "TWD", -1),
    WORD("台币", "TWD", -1), WORD("新西兰元", "NZD", 0), WORD("泰铢", "THB", 0),
    WORD("泰国铢", "THB", 0), WORD("卢布", "RUB", 0),
    WORD("意大利里拉", "ITL", 0), WORD("荷兰盾", "NLG", 0),
    WORD("林吉特", "MYR", 0), WORD("CNY", "CNY", -1), WORD("RMB", "CNY", -1),
    WORD("USD", "USD", -1), WORD("HKD", "HKD", -1), WORD("JPY", "JPY", -1),
    WORD("EUR", "EUR", -1), WORD("GBP", "GBP", -1), WORD("¥", "CNY", -1),
    WORD("￥", "CNY", -1), WORD("$", "USD", -1), WORD("€", "EUR", -1),
    WORD("£", "GBP", -1), WORD("百万", NULL, 6), WORD("千万", NULL, 7),
    WORD("亿", NULL, 8), WORD("圆", NULL, 0), WORD("整", NULL, -1)};

struct amount {
	bool negative;
	char digits[DIGITS_MAX]; /* without separators */
	size_t len;
	size_t whole; /* digits before the point */
	int scale;    /* -1: no unit is said */
	const char *currency;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const struct word *
next_word(struct span text)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (*text.ptr == *words[i].text && text.len >= words[i].len &&
		    memcmp(text.ptr, words[i].text, words[i].len) == 0)
			return &words[i];
	}
	return NULL;
}

/* "万" before "元" or "美元" stays: only a second scale or currency is a
 * contradiction. */
static bool
amount_add_word(struct amount *amount, const struct word *word)
{
	if (word->currency != NULL) {
		if (amount->currency != NULL &&
		    strcmp(amount->currency, word->currency) != 0)
			return false;
		amount->currency = word->currency;
	}
	if (word->scale > 0) {
		if (amount->scale > 0)
			return false;
		amount->scale = word->scale;
	}
	if (word->scale == 0 && amount->scale < 0)
		amount->scale = 0;
	return true;
}

/* Words until the number or the end; false for anything else. */
static bool
amount_read_words(struct amount *amount, struct span *text)
{
	const struct word *word;

	while (text->len > 0) {
		word = next_word(*text);
		if (word == NULL)
			return is_digit(*text->ptr) || *text->ptr == '.' ||
			       *text->ptr == '-' || *text->ptr == '+';
		if (!amount_add_word(amount, word))
			return false;
		text->ptr += word->len;
		text->len -= word->len;
	}
	return true;
}

static bool
amount_add_digit(struct amount *amount, char digit)
{
	if (amount->len == sizeof(amount->digits))
		return false;
	amount->digits[amount->len++] = digit;
	return true;
}

/* Digits with a point and separators of thousands, which are right or a
 * fault: "1,5" is not fifteen. */
static bool
amount_read_number(struct amount *amount, struct span *text)
{
	size_t i = 0, group = 0;
	bool grouped = false, point = false;

	if (text->len > 0 && (text->ptr[0] == '-' || text->ptr[0] == '+'))
		amount->negative = text->ptr[i++] == '-';
	for (; i < text->len; i++) {
		char c = text->ptr[i];

		if (is_digit(c)) {
			if (!amount_add_digit(amount, c))
				return false;
			group++;
		} else if (c == ',' && !point && group > 0 &&
			   (grouped ? group == 3 : group <= 3)) {
			grouped = true;
			group = 0;
		} else if (c == '.' && !point && (!grouped || group == 3)) {
			point = true;
			amount->whole = amount->len;
		} else {
			break;
		}
	}
	if (!point) {
		amount->whole = amount->len;
		if (grouped && group != 3)
			return false;
	}
	text->ptr += i;
	text->len -= i;
	return amount->len > 0;
}

/* Multiply by ten to the scale: move the point. */
static bool
amount_shift(struct amount *amount)
{
	size_t zeros;

	amount->whole += (size_t)(amount->scale > 0 ? amount->scale : 0);
	while (amount->len < amount->whole + DECIMALS) {
		if (!amount_add_digit(amount, '0'))
			return false;
	}
	for (zeros = 0; zeros < amount->whole; zeros++) {
		if (amount->digits[zeros] != '0')
			break;
	}
	memmove(amount->digits, amount->digits + zeros, amount->len - zeros);
	amount->len -= zeros;
	amount->whole -= zeros;
	return true;
}

/* Cut to two decimals.  True when the carry needs one more digit in front. */
static bool
amount_round(struct amount *amount)
{
	size_t i = amount->whole + DECIMALS;
	bool up = i < amount->len && amount->digits[i] >= '5';

	amount->len = i;
	while (up && i > 0) {
		i--;
		up = amount->digits[i] == '9';
		amount->digits[i] = up ? '0' : (char)(amount->digits[i] + 1);
	}
	return up;
}

static enum money_fault
amount_print(struct amount *amount, char out[MONEY_TEXT_MAX])
{
	bool carry, zero = true;
	size_t i;

	if (!amount_shift(amount))
		return MONEY_BROKEN;
	carry = amount_round(amount);
	if (amount->whole + (carry ? 1 : 0) > WHOLE_MAX)
		return MONEY_BROKEN;
	for (i = 0; i < amount->len; i++)
		zero = zero && amount->digits[i] == '0';
	if (amount->negative && (carry || !zero))
		*out++ = '-';
	if (carry)
		*out++ = '1';
	else if (amount->whole == 0)
		*out++ = '0';
	memcpy(out, amount->digits, amount->whole);
	out += amount->whole;
	*out++ = '.';
	memcpy(out, amount->digits + amount->whole, DECIMALS);
	out[DECIMALS] = '\0';
	return MONEY_OK;
}

enum money_fault
money_normalise(
    struct span text, bool in_wan, char out[MONEY_TEXT_MAX], char currency[4])
{
	struct amount amount = {.scale = -1};

	if (!amount_read_words(&amount, &text))
		return MONEY_BROKEN;
	if (text.len == 0)
		return MONEY_EMPTY;
	if (!amount_read_number(&amount, &text) ||
	    !amount_read_words(&amount, &text) || text.len > 0)
		return MONEY_BROKEN;
	if (amount.scale < 0 && in_wan)
		amount.scale = 4;
	memcpy(currency, amount.currency != NULL ? amount.currency : "CNY", 4);
	return amount_print(&amount, out);
}
