/*
 * expiry: the day from which a record is shown no more.
 */
#include "credit/expiry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

const char *
expiry_cutoff(int64_t now_us, unsigned years, char out[EXPIRY_DATE_MAX])
{
	char text[CLOCK_TEXT_MAX];
	unsigned year;

	clock_print(now_us + EXPIRY_ZONE_US, text);
	year = (unsigned)strtoul(text, NULL, 10);
	snprintf(out, EXPIRY_DATE_MAX, "%04u%.6s",
	    year > years ? (year - years) % 10000 : 0, text + 4);
	return out;
}

bool
expiry_is_past(struct span date, const char *cutoff)
{
	static const char form[] = "dddd-dd-dd";
	size_t i;

	if (date.len != sizeof(form) - 1)
		return false;
	for (i = 0; i < date.len; i++)
		if (form[i] == '-' ? date.ptr[i] != '-'
				   : date.ptr[i] < '0' || date.ptr[i] > '9')
			return false;
	return memcmp(date.ptr, cutoff, date.len) <= 0;
}
