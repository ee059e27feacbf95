/*
 * signed: files that the hub signed with its receipt key.
 */
#ifndef CLI_SIGNED_H
#define CLI_SIGNED_H

#include "cli/args.h"

/* Print what the JWS in `file` says if it is a `type` by the receipt key of
 * --network; otherwise REFUSED, told on standard error. */
int signed_show(const struct args *args, const char *file, const char *type);

#endif
