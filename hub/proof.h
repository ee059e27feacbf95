/*
 * proof: a receipt signed by the hub.
 *
 * What a department shows when somebody says it handed in something else: a
 * JWS over who, which bytes, when, and the receipt.  Byte for byte the same
 * each time.
 */
#ifndef HUB_PROOF_H
#define HUB_PROOF_H

#include "base/sign.h"
#include "hub/receipt.h"

#define PROOF_TYPE "rongxin-receipt+jws"

/* Of `which` (provider, "" for anybody's, item, id); appends the JWS.
 * ERR_MISSING when there is no such batch. */
MUST_CHECK enum err proof_sign(struct pg *pg, const struct receipt *which,
    struct signer *signer, struct buf *out);

#endif
