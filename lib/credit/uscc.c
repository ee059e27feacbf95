/*
 * uscc: the unified social credit code (GB 32100-2015) and the codes inside
 * and before it.
 */
#include "credit/uscc.h"

#include "base/text.h"

#define OLD_NUMBER_LEN 15
#define ORGANISATION_AT 8

/* GB 32100-2015, table 1: 31 characters, no I, O, S, V, Z. */
static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/* One more than the value of each character; 0: not in the table. */
static const uint8_t places[256] = {['0'] = 1,
    ['1'] = 2,
    ['2'] = 3,
    ['3'] = 4,
    ['4'] = 5,
    ['5'] = 6,
    ['6'] = 7,
    ['7'] = 8,
    ['8'] = 9,
    ['9'] = 10,
    ['A'] = 11,
    ['B'] = 12,
    ['C'] = 13,
    ['D'] = 14,
    ['E'] = 15,
    ['F'] = 16,
    ['G'] = 17,
    ['H'] = 18,
    ['J'] = 19,
    ['K'] = 20,
    ['L'] = 21,
    ['M'] = 22,
    ['N'] = 23,
    ['P'] = 24,
    ['Q'] = 25,
    ['R'] = 26,
    ['T'] = 27,
    ['U'] = 28,
    ['W'] = 29,
    ['X'] = 30,
    ['Y'] = 31};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ISO 7064 MOD 11,10 over 15 digits: registration numbers before 2015. */
static bool
is_old_number(struct span code)
{
	unsigned product = 10;
	size_t i;

	if (code.len != OLD_NUMBER_LEN)
		return false;
	for (i = 0; i < code.len; i++) {
		if (!is_digit(code.ptr[i]))
			return false;
		product = (product + (unsigned)(code.ptr[i] - '0')) % 10;
		if (i + 1 == code.len)
			return product == 1;
		product = (product == 0 ? 10 : product) * 2 % 11;
	}
	return false;
}

/* §5.6: weights are the powers of 3 modulo 31. */
char
uscc_check_character(const char first17[17])
{
	static const uint8_t weights[] = {
	    1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28};
	unsigned place, sum = 0;
	size_t i;

	for (i = 0; i < sizeof(weights); i++) {
		place = places[(uint8_t)first17[i]];
		if (place == 0)
			return '\0';
		sum += (place - 1) * weights[i];
	}
	return alphabet[(31 - sum % 31) % 31];
}

/* Could characters 3-4 be a province?  "10" is only the national registry's
 * 100000; which of the others exist is the catalogue's to say. */
static bool
province_is_possible(const char *code)
{
	if (memcmp(code + 2, "10", 2) == 0)
		return memcmp(code + 2, "100000", 6) == 0;
	return code[2] >= '1' && code[2] <= '9' && is_digit(code[3]);
}

enum uscc_fault
uscc_check(struct span code)
{
	char check;

	if (code.len != USCC_LEN) {
		if (is_old_number(code))
			return USCC_OLD_NUMBER;
		return text_count(code) == USCC_LEN ? USCC_CHARACTER
						    : USCC_LENGTH;
	}
	check = uscc_check_character(code.ptr);
	if (check == '\0' || places[(uint8_t)code.ptr[17]] == 0)
		return text_count(code) == USCC_LEN ? USCC_CHARACTER
						    : USCC_LENGTH;
	if (check != code.ptr[17])
		return USCC_CHECK_DIGIT;
	return province_is_possible(code.ptr) ? USCC_OK : USCC_PROVINCE;
}

const char *
uscc_rule(enum uscc_fault fault)
{
	switch (fault) {
	case USCC_OK:
		return NULL;
	case USCC_LENGTH:
		return "uscc_length";
	case USCC_OLD_NUMBER:
		return "uscc_old_number";
	case USCC_CHARACTER:
		return "uscc_character";
	case USCC_CHECK_DIGIT:
		return "uscc_check_digit";
	case USCC_PROVINCE:
		return "uscc_province";
	}
	return NULL;
}

static unsigned
organisation_value(char c)
{
	return (unsigned)(is_digit(c) ? c - '0' : c - 'A' + 10);
}

/* GB 11714: eight weighted characters modulo 11, 10 is written X. */
bool
uscc_organisation_is_sound(const char code[USCC_LEN])
{
	static const uint8_t weights[] = {3, 7, 9, 10, 5, 8, 4, 2};
	unsigned check, sum = 0;
	size_t i;

	for (i = 0; i < sizeof(weights); i++)
		sum +=
		    organisation_value(code[ORGANISATION_AT + i]) * weights[i];
	check = (11 - sum % 11) % 11;
	return code[ORGANISATION_AT + 8] ==
	       (check == 10 ? 'X' : (char)('0' + check));
}
