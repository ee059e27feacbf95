/*
 * control: catalogue, members and consents become records of stream 0000.
 *
 * Each call is one transaction of the given ledger; ERR_OK means committed.
 * One thread at a time may change control records: the desk.
 */
#ifndef HUB_CONTROL_H
#define HUB_CONTROL_H

#include "base/cert.h"
#include "base/sign.h"
#include "credit/member.h"
#include "hub/ledger.h"

/* Admit or change the member; the same document again changes nothing. */
MUST_CHECK enum err control_admit(
    struct ledger *ledger, const struct member *member, struct why *why);

/* ERR_INVALID: signature or content.  ERR_CONFLICT: not newer than ours. */
MUST_CHECK enum err control_put_catalogue(struct ledger *ledger,
    const struct verifier *verifier, struct span jws, struct why *why);

/* A consent's JWS.  The same document again is fine; another one with the
 * same id is ERR_CONFLICT. */
MUST_CHECK enum err control_register(struct ledger *ledger,
    const struct trust *trust, struct span jws, struct why *why);
/* A revocation's JWS by the consent's subject. */
MUST_CHECK enum err control_revoke(struct ledger *ledger,
    const struct trust *trust, struct span jws, struct why *why);
/* Node `node` says that `subject` revoked `id` there by certificate. */
MUST_CHECK enum err control_revoke_at(struct ledger *ledger, const char *node,
    struct span subject, struct span id, struct why *why);

#endif
