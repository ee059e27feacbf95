/*
 * pack_alert: alerts inside an upward message.
 */
#include "wire/pack_alert.h"

#include <assert.h>
#include <stdio.h>

#include "wire/pack_part.h"

/* A kind that this version does not know is a newer node's. */
#define KIND_MAX 255
#define TIME_END_US INT64_C(4102444800000000) /* the year 2100 */

static Rongxin__Alert *
row_build(const struct abuse_alert *alert, struct arena *arena)
{
	Rongxin__Alert *packed = arena_take(arena, sizeof(*packed));

	rongxin__alert__init(packed);
	packed->member =
	    arena_text(arena, alert->member, strlen(alert->member));
	packed->kind = alert->kind;
	packed->first_us = alert->first_us;
	packed->last_us = alert->last_us;
	packed->count = alert->count;
	return packed;
}

Rongxin__Alerts *
alerts_build(const struct upward *upward, struct arena *arena)
{
	Rongxin__Alerts *packed = arena_take(arena, sizeof(*packed));
	size_t i;

	assert(upward->alert_count <= ALERTS_MAX);
	rongxin__alerts__init(packed);
	packed->n_alerts = upward->alert_count;
	packed->alerts = arena_take(
	    arena, (upward->alert_count + 1) * sizeof(*packed->alerts));
	for (i = 0; i < upward->alert_count; i++)
		packed->alerts[i] = row_build(&upward->alerts[i], arena);
	return packed;
}

static bool
is_time(int64_t time_us)
{
	return time_us >= 0 && time_us < TIME_END_US;
}

static bool
row_take(const Rongxin__Alert *packed, struct abuse_alert *alert)
{
	if (packed->base.n_unknown_fields != 0 ||
	    !part_is_text(packed->member, MEMBER_CODE_MAX) ||
	    !member_code_is_valid(span_of(packed->member)) ||
	    packed->kind == ABUSE_NONE || packed->kind > KIND_MAX ||
	    !is_time(packed->first_us) || !is_time(packed->last_us))
		return false;
	snprintf(alert->member, sizeof(alert->member), "%s", packed->member);
	alert->kind = (enum abuse_kind)packed->kind;
	alert->first_us = packed->first_us;
	alert->last_us = packed->last_us;
	alert->count = packed->count;
	return true;
}

enum err
alerts_fill(
    const Rongxin__Alerts *packed, struct arena *arena, struct upward *upward)
{
	struct abuse_alert *alerts;
	size_t i;

	if (packed->base.n_unknown_fields != 0 || packed->n_alerts > ALERTS_MAX)
		return ERR_INVALID;
	alerts = arena_take(arena, (packed->n_alerts + 1) * sizeof(*alerts));
	for (i = 0; i < packed->n_alerts; i++)
		if (!row_take(packed->alerts[i], &alerts[i]))
			return ERR_INVALID;
	upward->alerts = alerts;
	upward->alert_count = packed->n_alerts;
	return ERR_OK;
}
