/*
 * http_date: RFC 9110 section 5.6.7.
 */
#include "wire/http_date.h"

#include <time.h>

#include "base/clock.h"

const char *
http_date_now(struct http_date *date)
{
	int64_t second = clock_now_us() / CLOCK_SECOND;
	time_t time = (time_t)second;
	struct tm parts;

	if (second == date->second && date->text[0] != '\0')
		return date->text;
	date->second = second;
	gmtime_r(&time, &parts);
	strftime(date->text, sizeof(date->text), "%a, %d %b %Y %H:%M:%S GMT",
	    &parts);
	return date->text;
}
