/*
 * nonces: what was seen within the last minutes, so that it counts once.
 *
 * Forgets nothing younger than its age, and remembers nothing longer than
 * twice that.  One thread.
 */
#ifndef NODE_NONCES_H
#define NODE_NONCES_H

#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"

struct nonces;

struct nonces *nonces_new(int64_t age_us);
void nonces_free(struct nonces *nonces); /* safe on NULL */
/* ERR_SEEN: it is there already; ERR_BUSY: no more can be remembered now. */
MUST_CHECK enum err nonces_add(
    struct nonces *nonces, const struct digest *nonce, int64_t tick_us);

#endif
