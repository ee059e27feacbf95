/*
 * pack_alert: alerts inside an upward message; only for pack_*.c.
 */
#ifndef WIRE_PACK_ALERT_H
#define WIRE_PACK_ALERT_H

#include "base/mem.h"
#include "bus.pb-c.h"
#include "wire/pack.h"

/* Borrows of `upward`; the rest lives in the arena. */
Rongxin__Alerts *alerts_build(const struct upward *upward, struct arena *arena);
MUST_CHECK enum err alerts_fill(
    const Rongxin__Alerts *packed, struct arena *arena, struct upward *upward);

#endif
