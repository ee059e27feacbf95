/*
 * freight: batches of local departments that wait here for the hub.
 *
 * A folder; of each batch the bytes (an upload in parts), the manifest that
 * its department signed, and at last the hub's answer.  It is taken when its
 * manifest is on disk, which comes after its bytes; the bytes go when the
 * answer has come.
 */
#ifndef NODE_FREIGHT_H
#define NODE_FREIGHT_H

#include "base/digest.h"
#include "base/err.h"
#include "credit/manifest.h"
#include "credit/member.h"

#define FREIGHT_TYPE "rongxin-feed+jws"
/* "<department>-<item>-<digest of the id>" */
#define FREIGHT_NAME_SIZE (MEMBER_CODE_MAX + 8 + DIGEST_HEX_LEN)
#define FREIGHT_WAITING_MAX 256 /* batches at a time */

void freight_name(const char *department, uint32_t item, const char *id,
    char name[FREIGHT_NAME_SIZE]);
/* Makes the folder; uploads that were cut off are removed. */
MUST_CHECK enum err freight_open(const char *folder, struct why *why);

/* The bytes are on disk: from now on it is a batch, without an answer. */
MUST_CHECK enum err freight_keep(
    const char *folder, const char *name, struct span jws, struct why *why);
/* ERR_MISSING: there is no such batch.  `answer` stays empty while there is
 * none; otherwise "<status> <text>". */
MUST_CHECK enum err freight_read(
    const char *folder, const char *name, struct buf *jws, struct buf *answer);
/* The hub's word; unless it is 202 the last one, and the bytes go. */
MUST_CHECK enum err freight_answer(const char *folder, const char *name,
    unsigned status, struct span text, struct why *why);
/* The next batch behind `name`, round and round, that has no answer, or none
 * that is final and `patience_s` old; ERR_MISSING: nothing waits. */
MUST_CHECK enum err freight_next(
    const char *folder, char name[FREIGHT_NAME_SIZE], int64_t patience_s);
size_t freight_waiting(const char *folder);
/* Forget batches whose final answer is that old. */
void freight_expire(const char *folder, int64_t age_s);

#endif
