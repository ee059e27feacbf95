/*
 * frequency: how often a consent may be used, and which node counts.
 */
#include "credit/frequency.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define DAY_US (86400 * CLOCK_SECOND)
/* The first day of 1970 was a Thursday. */
#define DAYS_SINCE_MONDAY 3

static const char *const period_names[PERIOD_COUNT] = {
    [PERIOD_WHOLE] = "",
    [PERIOD_DAY] = "day",
    [PERIOD_WEEK] = "week",
    [PERIOD_MONTH] = "month",
};

enum period
period_parse(struct span text)
{
	unsigned i;

	for (i = PERIOD_WHOLE + 1; i < PERIOD_COUNT; i++) {
		if (span_is(text, period_names[i]))
			return (enum period)i;
	}
	return PERIOD_WHOLE;
}

static void
read_limit(struct claims *limit, struct frequency *frequency)
{
	char per[8];

	claims_int(limit, "uses", 1, FREQUENCY_USES_MAX, &frequency->uses);
	if (claims_has(limit, "per")) {
		claims_text(limit, "per", per, sizeof(per));
		frequency->per = period_parse(span_of(per));
		if (frequency->per == PERIOD_WHOLE)
			claims_refuse(limit, "per", "day, week or month");
	}
	claims_text(limit, "at", frequency->at, sizeof(frequency->at));
	if (!member_code_is_valid(span_of(frequency->at)))
		claims_refuse(limit, "at", "not an organisation code");
}

void
frequency_read(struct claims *claims, struct frequency *frequency)
{
	static const char *const names[] = {"uses", "per", "at", NULL};
	struct claims limit;
	char text[16];

	*frequency = (struct frequency){0};
	if (claims_has_object(claims, "frequency")) {
		claims_enter(claims, "frequency", names, &limit);
		read_limit(&limit, frequency);
		claims_leave(claims, &limit);
		return;
	}
	claims_text(claims, "frequency", text, sizeof(text));
	if (strcmp(text, "unlimited") != 0)
		claims_refuse(claims, "frequency",
		    "\"unlimited\" or {\"uses\", \"per\", \"at\"}");
}

void
frequency_print(const struct frequency *frequency, struct json_out *out)
{
	if (!frequency_is_limited(frequency)) {
		json_put_cstr(out, "frequency", "unlimited");
		return;
	}
	json_open_object(out, "frequency");
	json_put_int(out, "uses", frequency->uses);
	if (frequency->per != PERIOD_WHOLE)
		json_put_cstr(out, "per", period_names[frequency->per]);
	json_put_cstr(out, "at", frequency->at);
	json_close_object(out);
}

bool
frequency_is_limited(const struct frequency *frequency)
{
	return frequency->uses > 0;
}

static uint32_t
month_of(int64_t local_us)
{
	char text[CLOCK_TEXT_MAX];

	clock_print(local_us, text);
	return (uint32_t)(strtoul(text, NULL, 10) * 12 +
			  strtoul(text + 5, NULL, 10));
}

uint32_t
frequency_window(const struct frequency *frequency, int64_t now_us)
{
	int64_t local_us = now_us + CLOCK_EAST_US;
	int64_t day = local_us / DAY_US;

	switch (frequency->per) {
	case PERIOD_DAY:
		return (uint32_t)(day + 1);
	case PERIOD_WEEK:
		return (uint32_t)((day + DAYS_SINCE_MONDAY) / 7 + 1);
	case PERIOD_MONTH:
		return month_of(local_us);
	default:
		return 0;
	}
}
