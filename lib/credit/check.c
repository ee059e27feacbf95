/*
 * check: what the catalogue asks of a row beyond its single values.
 */
#include "credit/check.h"

#include <string.h>

#include "base/text.h"
#include "credit/pattern.h"

/* Canonical numbers have up to 18 digits on each side of the point, so this
 * many places behind it, and sums of a few of them, are exact. */
#define PLACES 18
__extension__ typedef __int128 wide;

static bool
parse_wide(struct span text, wide *number)
{
	bool negative = text.len > 0 && text.ptr[0] == '-';
	size_t i, digits = 0, places = 0;
	bool behind = false;

	*number = 0;
	for (i = negative; i < text.len; i++) {
		if (text.ptr[i] == '.' && !behind) {
			behind = true;
			continue;
		}
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		*number = *number * 10 + (text.ptr[i] - '0');
		places += behind;
		digits += !behind;
		if (digits > PLACES || places > PLACES)
			return false;
	}
	for (; places < PLACES; places++)
		*number *= 10;
	if (negative)
		*number = -*number;
	return digits > 0;
}

static bool
is_number(enum field_type type)
{
	return type == FIELD_INTEGER || type == FIELD_DECIMAL ||
	       type == FIELD_MONEY;
}

/* Dates of different precision are compared as far as both go: a day of 2024
 * is neither before nor after 2024. */
static bool
is_at_most(enum field_type type, struct span a, struct span b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	wide low, high;

	if (!is_number(type))
		return memcmp(a.ptr, b.ptr, len) <= 0;
	if (!parse_wide(a, &low) || !parse_wide(b, &high))
		return true;
	return low <= high;
}

static bool
sum_holds(const struct check *check, const struct span *values)
{
	wide total, part, sum = 0, slack = check->slack;
	size_t i;

	if (!parse_wide(values[0], &total))
		return true;
	for (i = 1; i < check->field_count; i++) {
		if (!parse_wide(values[i], &part))
			return true;
		sum += part;
	}
	for (i = 0; i < PLACES; i++)
		slack *= 10;
	return total - sum <= slack && sum - total <= slack;
}

static size_t
count_given(const struct check *check, const struct span *values)
{
	size_t i, count = 0;

	for (i = 0; i < check->field_count; i++)
		count += values[i].ptr != NULL;
	return count;
}

bool
check_needs_ledger(const struct check *check)
{
	return check->kind >= CHECK_REGISTERED;
}

bool
check_holds(const struct item *item, const struct check *check,
    const struct span *values)
{
	size_t given = count_given(check, values);

	if (check->kind == CHECK_ANY_OF)
		return given > 0;
	if (check->kind == CHECK_PRESENT_IF)
		return values[0].ptr != NULL || values[1].ptr == NULL ||
		       !span_is(values[1], check->equals);
	if (check_needs_ledger(check) || given < check->field_count)
		return true;
	if (check->kind == CHECK_SUM_OF)
		return sum_holds(check, values);
	return is_at_most(
	    item->fields[check->fields[0]].type, values[0], values[1]);
}

static struct span
limit_of(const char *limit, const char *today)
{
	return span_of(strcmp(limit, "today") == 0 ? today : limit);
}

const char *
check_value(const struct field *field, struct span value, const char *today)
{
	if (field->min_len > 0 && text_count(value) < field->min_len)
		return "too_short";
	if (field->pattern != NULL && !pattern_matches(field->pattern, value))
		return "pattern";
	if (field->min_value != NULL &&
	    !is_at_most(field->type, limit_of(field->min_value, today), value))
		return "range";
	if (field->max_value != NULL &&
	    !is_at_most(field->type, value, limit_of(field->max_value, today)))
		return "range";
	return NULL;
}
