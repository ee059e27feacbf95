/*
 * note: C2SP signed-note, tlog-checkpoint and tlog-cosignature.
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
/* Without a look at the signatures: what it claims. */
MUST_CHECK enum err note_read(
    struct span note, struct checkpoint *checkpoint, struct why *why);

/* A witness says that, at this time, a checkpoint was the largest it had seen
 * of its log and extended all before (cosignature/v1).  Its key's name is
 * "rongxin/witness/<first 8 bytes of the SHA-256 of the key, hex>". */
void note_witness_name(const uint8_t raw[32], char out[NOTE_ORIGIN_MAX + 1]);
/* Append the witness's line, which goes behind the note.  The note is well
 * formed, or ERR_INVALID. */
MUST_CHECK enum err note_cosign(
    struct span note, int64_t time_s, struct signer *signer, struct buf *line);
/* Is there a line of the witness whose key this is?  The log's own signature
 * is note_check's. */
MUST_CHECK enum err note_check_witness(
    struct span note, const uint8_t raw[32], int64_t *time_s, struct why *why);
/* "<name>+<hex key hash>+<base64 (0x01 || key)>": the verifier key. */
void note_key_print(const char *name, const uint8_t raw[32], struct buf *out);

#endif
