/*
 * gen_dirt: what is wrong with some rows of real feeds.
 */
#include "cli/gen_value.h"

#include <string.h>

void
plan_dirt(const struct plan *plan, const struct column *column, struct pen *pen)
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
	case DIRT_RETENTION:
		pen_date(pen, plan->past);
		break;
	default: /* DIRT_REQUIRED: nothing */
		break;
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
