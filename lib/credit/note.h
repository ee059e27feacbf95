/*
 * note: C2SP signed-note and tlog-checkpoint.
 *
 * "<origin>\n<size>\n<base64 root>\n\n— <name> <base64(key hash || sig)>\n"
 * Ed25519 only is checked; other signature lines are ignored.
 * Pure; any thread.
 */
#ifndef CREDIT_NOTE_H
#define CREDIT_NOTE_H

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/sign.h"

#define NOTE_ORIGIN_MAX 128
#define NOTE_MAX 65536

struct checkpoint {
	char origin[NOTE_ORIGIN_MAX + 1];
	uint64_t size;
	struct digest root;
};

/* "rongxin/trail/<node code>": a trail's origin and key name. */
void note_trail_origin(const char *node_code, char out[NOTE_ORIGIN_MAX + 1]);
/* Append the signed checkpoint; the key name is the origin. */
MUST_CHECK enum err note_sign(const struct checkpoint *checkpoint,
    struct signer *signer, struct buf *out);
/* Parse and check that a line by `raw` (Ed25519 public key) verifies. */
MUST_CHECK enum err note_check(struct span note, const uint8_t raw[32],
    struct checkpoint *checkpoint, struct why *why);
/* "<name>+<hex key hash>+<base64 (0x01 || key)>": the verifier key. */
void note_key_print(const char *name, const uint8_t raw[32], struct buf *out);

#endif
