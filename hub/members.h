/*
 * members: the member list as one object, for every thread.
 *
 * Shared by base/shared.h and swapped whole when a member changes; decides
 * over HTTP requests, CURVE keys and streams.  Immutable.
 */
#ifndef HUB_MEMBERS_H
#define HUB_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "credit/member.h"
#include "hub/pg.h"

struct members;

/* From the control records of the ledger, within the caller's transaction;
 * NULL and `why` when it cannot be read. */
struct members *members_load(struct pg *pg, struct why *why);
void members_free(void *members); /* safe on NULL */
size_t members_count(const struct members *members);
/* NULL when not on the list. */
const struct member *members_find(
    const struct members *members, const char *code);
/* The active platform that has this CURVE key, or NULL. */
const struct member *members_find_key(
    const struct members *members, const char *curve_key);
/* Member `name` of an open object (NULL: a document): an array. */
void members_print_list(
    const struct members *members, struct json_out *json, const char *name);
/* {"members":[…]} */
void members_print(const struct members *members, struct buf *out);

#endif
