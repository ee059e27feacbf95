/*
 * material: files that subjects gave with their objections, at the hub.
 *
 * Kept in pieces as they come; one that is whole and not what its digest says
 * is dropped.  For the department that answers and for operators; gone some
 * years after the end.
 * One thread at a time: the desk; material_expire: the keeper.
 */
#ifndef HUB_MATERIAL_H
#define HUB_MATERIAL_H

#include "credit/material.h"
#include "hub/control.h"
#include "wire/pack.h"

/* The same piece again is fine.  ERR_IO: its objection is not here yet;
 * ERR_INVALID: nobody wants it. */
MUST_CHECK enum err material_take(
    struct control_round *round, const struct upward *upward, struct why *why);
/* Append it; ERR_MISSING: it is not here, or not whole. */
MUST_CHECK enum err material_read(struct pg *pg, const char *id,
    const struct digest *digest, struct buf *out);
/* Of objections that ended before this. */
MUST_CHECK enum err material_expire(struct pg *pg, int64_t before_us);

#endif
