/*
 * clock: the one place where time enters.
 */
#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#define DAY_SECONDS INT64_C(86400)
/* 0000-01-01 to the end of 9999: the years that have four digits. */
#define FIRST_US (INT64_C(-62167219200) * CLOCK_SECOND)
#define LAST_US (INT64_C(253402300800) * CLOCK_SECOND - 1)

static _Atomic int64_t clock_by_hand = -1;

static int64_t
clock_read(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * CLOCK_SECOND + now.tv_nsec / 1000;
}

int64_t
clock_now_us(void)
{
	int64_t by_hand = atomic_load(&clock_by_hand);

	return by_hand != -1 ? by_hand : clock_read(CLOCK_REALTIME);
}

int64_t
clock_tick_us(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

void
clock_set(int64_t now_us)
{
	atomic_store(&clock_by_hand, now_us);
}

/* Days since 1970-01-01; years count from March so that the leap day comes
 * last, in eras of 400 years (146097 days). */
static int64_t
days_of(int64_t year, int month, int day)
{
	int64_t era, year_of_era, day_of_year;

	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	year_of_era = year - era * 400;
	day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 -
	       year_of_era / 100 + day_of_year - 719468;
}

/* The inverse of days_of. */
static void
date_of(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t era, of_era, years, of_year, march;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	of_era = days - era * 146097;
	years =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	of_year = of_era - (365 * years + years / 4 - years / 100);
	march = (5 * of_year + 2) / 153;
	*day = (int)(of_year - (153 * march + 2) / 5 + 1);
	*month = (int)(march < 10 ? march + 3 : march - 9);
	*year = years + era * 400 + (*month <= 2);
}

static char *
put_char(char *at, char c)
{
	*at = c;
	return at + 1;
}

/* The last `count` digits. */
static char *
put_digits(char *at, unsigned number, int count)
{
	int i;

	for (i = count; i-- > 0; number /= 10)
		at[i] = (char)('0' + number % 10);
	return at + count;
}

const char *
clock_print(int64_t time_us, char out[CLOCK_TEXT_MAX])
{
	int64_t micro, second, days, year;
	int month, day, of_day;
	char *at;

	if (time_us < FIRST_US)
		time_us = FIRST_US;
	if (time_us > LAST_US)
		time_us = LAST_US;
	micro = time_us % CLOCK_SECOND;
	second = time_us / CLOCK_SECOND;
	if (micro < 0) {
		micro += CLOCK_SECOND;
		second--;
	}
	days = second / DAY_SECONDS;
	of_day = (int)(second % DAY_SECONDS);
	if (of_day < 0) {
		of_day += (int)DAY_SECONDS;
		days--;
	}
	date_of(days, &year, &month, &day);
	at = put_digits(out, (unsigned)year, 4);
	at = put_digits(put_char(at, '-'), (unsigned)month, 2);
	at = put_digits(put_char(at, '-'), (unsigned)day, 2);
	at = put_digits(put_char(at, 'T'), (unsigned)of_day / 3600, 2);
	at = put_digits(put_char(at, ':'), (unsigned)of_day / 60 % 60, 2);
	at = put_digits(put_char(at, ':'), (unsigned)of_day % 60, 2);
	if (micro != 0)
		at = put_digits(put_char(at, '.'), (unsigned)micro, 6);
	*put_char(at, 'Z') = '\0';
	return out;
}

const char *
clock_print_east(int64_t time_us, char out[CLOCK_TEXT_MAX])
{
	int64_t micro = time_us % CLOCK_SECOND;

	if (micro < 0)
		micro += CLOCK_SECOND;
	clock_print(time_us - micro + CLOCK_EAST_US, out);
	out[10] = ' ';
	out[19] = '\0';
	return out;
}

static bool
take_number(struct span *text, int digits, int *number)
{
	int i;

	if (text->len < (size_t)digits)
		return false;
	for (*number = 0, i = 0; i < digits; i++) {
		if (text->ptr[i] < '0' || text->ptr[i] > '9')
			return false;
		*number = *number * 10 + text->ptr[i] - '0';
	}
	text->ptr += digits;
	text->len -= (size_t)digits;
	return true;
}

static bool
take_char(struct span *text, char c)
{
	if (text->len == 0 || text->ptr[0] != c)
		return false;
	text->ptr++;
	text->len--;
	return true;
}

/* ".5" is 500000; more than six digits are cut, not rounded. */
static bool
take_fraction(struct span *text, int64_t *micro)
{
	int64_t weight = CLOCK_SECOND / 10;
	int digit;

	*micro = 0;
	if (!take_char(text, '.'))
		return true;
	if (!take_number(text, 1, &digit))
		return false;
	do {
		*micro += digit * weight;
		weight /= 10;
	} while (take_number(text, 1, &digit));
	return true;
}

static bool
take_offset(struct span *text, int64_t *seconds)
{
	int hours, minutes, sign;

	*seconds = 0;
	if (take_char(text, 'Z') || take_char(text, 'z'))
		return true;
	if (take_char(text, '+'))
		sign = 1;
	else if (take_char(text, '-'))
		sign = -1;
	else
		return false;
	if (!take_number(text, 2, &hours) || !take_char(text, ':') ||
	    !take_number(text, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

static bool
take_date(struct span *text, int64_t *days)
{
	int year, month, day;

	if (!take_number(text, 4, &year) || !take_char(text, '-') ||
	    !take_number(text, 2, &month) || !take_char(text, '-') ||
	    !take_number(text, 2, &day) || !clock_is_date(year, month, day))
		return false;
	*days = days_of(year, month, day);
	return true;
}

/* No second 60: time here counts as POSIX does. */
static bool
take_time(struct span *text, int64_t *seconds)
{
	int hour, minute, second;

	if (!take_number(text, 2, &hour) || !take_char(text, ':') ||
	    !take_number(text, 2, &minute) || !take_char(text, ':') ||
	    !take_number(text, 2, &second) || hour > 23 || minute > 59 ||
	    second > 59)
		return false;
	*seconds = hour * 3600 + minute * 60 + second;
	return true;
}

enum err
clock_parse(struct span text, int64_t *time_us)
{
	int64_t days, seconds, micro, offset;

	if (!take_date(&text, &days) ||
	    !(take_char(&text, 'T') || take_char(&text, 't')) ||
	    !take_time(&text, &seconds) || !take_fraction(&text, &micro) ||
	    !take_offset(&text, &offset) || text.len != 0)
		return ERR_INVALID;
	*time_us =
	    (days * DAY_SECONDS + seconds - offset) * CLOCK_SECOND + micro;
	/* An offset may lead out of them. */
	return *time_us >= FIRST_US && *time_us <= LAST_US ? ERR_OK
							   : ERR_INVALID;
}

bool
clock_is_date(int year, int month, int day)
{
	static const int lengths[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	if (month < 1 || month > 12 || day < 1)
		return false;
	return day <= lengths[month - 1] + (month == 2 && leap ? 1 : 0);
}
