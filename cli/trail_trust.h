/*
 * trail_trust: whose signatures a trail's checkpoints need.
 */
#ifndef CLI_TRAIL_TRUST_H
#define CLI_TRAIL_TRUST_H

#include "base/buf.h"
#include "cli/args.h"
#include "credit/inclusion.h"
#include "credit/note.h"

struct trail_trust {
	uint8_t key[32];
	bool has_witness; /* a network is given, and it has one */
	uint8_t witness[32];
};

/* From the options key, member and network. */
MUST_CHECK enum err trail_trust_read(
    const struct args *args, struct trail_trust *trust, struct why *why);
/* Signed by the node; and by the witness when there is one: `time_s` is
 * when. */
MUST_CHECK enum err trail_trust_check(const struct trail_trust *trust,
    struct span note, struct checkpoint *checkpoint, int64_t *time_s,
    struct why *why);
/* A receipt's checkpoint is trusted, and its proof leads to it. */
MUST_CHECK enum err trail_receipt_check(const struct trail_trust *trust,
    const struct inclusion *inclusion, struct checkpoint *checkpoint,
    int64_t *time_s, struct why *why);
/* `rongxin trail verify --receipt FILE`: its exit code. */
int trail_receipt_verify(const struct args *args);

#endif
