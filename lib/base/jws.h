/*
 * jws: a signed document in compact serialisation (RFC 7515 §7.1).
 *
 * Two kinds of signer: a certificate (header x5c, one leaf; consents) and a
 * named key (header kid = hex key id; the catalogue).  Algorithms EdDSA, ES256
 * and SM2-SM3 only, decided by the key, never by the header alone.  `crit` and
 * unknown header members are refused.
 */
#ifndef BASE_JWS_H
#define BASE_JWS_H

#include "base/cert.h"
#include "base/sign.h"

#define JWS_MAX (16 << 20)

/* Sign with the key in `<stem>.key` and put `<stem>.crt` into x5c. */
MUST_CHECK enum err jws_sign_with_cert(const char *stem, const char *type,
    struct span payload, struct buf *out, struct why *why);
MUST_CHECK enum err jws_sign_with_key(struct signer *signer, const char *type,
    struct span payload, struct buf *out, struct why *why);

/* Check header, chain and signature; append the payload to `payload`. */
MUST_CHECK enum err jws_check_with_trust(struct span jws, const char *type,
    const struct trust *trust, int64_t now_us, struct identity *who,
    struct buf *payload, struct why *why);
/* Append the payload, unchecked; false: it is not a compact JWS. */
bool jws_peek(struct span jws, struct buf *payload);
MUST_CHECK enum err jws_check_with_key(struct span jws, const char *type,
    const struct verifier *verifier, struct buf *payload, struct why *why);

/* HEADER..SIGNATURE, for a payload that travels by itself (RFC 7515, appendix
 * F), and back; unchecked.  False: not such a text. */
bool jws_detach(struct span jws, struct buf *detached);
bool jws_attach(struct span detached, struct span payload, struct buf *jws);

#endif
