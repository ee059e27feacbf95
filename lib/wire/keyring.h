/*
 * keyring: the keys that may have sealed a batch, and up to where each may.
 *
 * It begins with those of network.json; what stream 0000 says of keys is added
 * as it comes and outweighs the file.  A key that was retired still proves what
 * it sealed before, up to the position of each stream that its retirement
 * names, and nothing behind.  Any thread may ask; keys are never taken out.
 */
#ifndef WIRE_KEYRING_H
#define WIRE_KEYRING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sign.h"
#include "credit/chain.h"
#include "wire/pack.h"

#define KEYRING_MAX 64 /* what comes then is left out */

struct keyring;

struct keyring *keyring_new(void);
/* With this one key. */
struct keyring *keyring_of(const uint8_t raw_key[32]);
void keyring_free(struct keyring *keyring); /* safe on NULL */

/* A key of the network's file that is used now, or next. */
void keyring_trust(struct keyring *keyring, const uint8_t raw_key[32]);
/* One that was used before, on stream 0000 up to `until`; of other streams
 * stream 0000 has to tell. */
void keyring_trust_former(
    struct keyring *keyring, const uint8_t raw_key[32], uint64_t until);
/* A control record of a key: its hex, and when it was retired, the document
 * {"until":{"4401":12,…}}.  ERR_INVALID: it is none, and changes nothing. */
MUST_CHECK enum err keyring_take(struct keyring *keyring, struct span hex,
    bool retired, struct span document);

/* Signature, form and sense of a header, and whether its key may have sealed
 * that position. */
MUST_CHECK enum err keyring_check(struct keyring *keyring,
    const struct sealed *sealed, struct batch_header *header, struct why *why);
/* Another number whenever something was learned: what was checked before may
 * be judged otherwise now. */
uint64_t keyring_serial(struct keyring *keyring);
/* The keys that are not retired, from 0 on; NULL: no more.  Lives as long as
 * the ring. */
const struct verifier *keyring_live(struct keyring *keyring, size_t index);

#endif
