/*
 * delegate: `rongxin consent delegate`: a subject lets another sign for it.
 */
#ifndef CLI_DELEGATE_H
#define CLI_DELEGATE_H

#include "cli/args.h"
#include "credit/delegation.h"

extern const struct arg_option delegate_options[];

int delegate_sign(const struct args *args);
/* A delegation's JWS and its claims, unchecked: the node checks it. */
MUST_CHECK enum err delegate_read(const char *path, struct buf *jws,
    struct delegation *delegation, struct why *why);

#endif
