/*
 * pack_condition: how a node is doing, inside its status; only for pack_*.c.
 */
#ifndef WIRE_PACK_CONDITION_H
#define WIRE_PACK_CONDITION_H

#include "base/mem.h"
#include "bus.pb-c.h"
#include "wire/pack.h"

/* Lives in the arena; NULL for NULL. */
Rongxin__Condition *condition_build(
    const struct condition *condition, struct arena *arena);
/* What a newer node tells besides is left out. */
MUST_CHECK enum err condition_fill(const Rongxin__Condition *packed,
    struct arena *arena, struct upward *upward);

#endif
