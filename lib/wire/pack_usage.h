/*
 * pack_usage: a piece of a trail inside an upward message.
 *
 * Only pack_upward.c includes it.
 */
#ifndef WIRE_PACK_USAGE_H
#define WIRE_PACK_USAGE_H

#include "bus.pb-c.h"
#include "wire/pack.h"

/* All of it in the arena, or borrowed from `upward`. */
Rongxin__Usage *usage_build(const struct upward *upward, struct arena *arena);
MUST_CHECK enum err usage_fill(
    const Rongxin__Usage *packed, struct arena *arena, struct upward *upward);

#endif
