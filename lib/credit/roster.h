/*
 * roster: the member list as the hub signed it, for who checks a node's
 * signature and asks nobody.
 *
 * A compact JWS by the hub's receipt key over {"network","time","members"},
 * which is proof of what the list was at that time, and of nothing later.
 * Pure; one thread per roster.
 */
#ifndef CREDIT_ROSTER_H
#define CREDIT_ROSTER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/sign.h"
#include "credit/member.h"

#define ROSTER_TYPE "rongxin-members+jws"
#define ROSTER_MAX (16 << 20)

/* `members`: the list as a JSON array. */
MUST_CHECK enum err roster_sign(struct span members, const char *network,
    int64_t time_us, struct signer *receipts, struct buf *jws);

struct roster;

/* NULL and `why`: not by this key, or not a list. */
struct roster *roster_open(
    struct span jws, const uint8_t receipt_key[32], struct why *why);
void roster_free(struct roster *roster);              /* safe on NULL */
const char *roster_time(const struct roster *roster); /* RFC 3339 */
/* Platforms and their keys, from 0 on; NULL: no more. */
const struct member *roster_platform(const struct roster *roster, size_t index);

#endif
