/*
 * trail_accesses: who saw my data, asked at each node with my certificate.
 */
#ifndef CLI_TRAIL_ACCESSES_H
#define CLI_TRAIL_ACCESSES_H

#include "cli/args.h"

extern const struct arg_option trail_accesses_options[];

/* `rongxin trail accesses URL…`: its exit code. */
int trail_accesses(const struct args *args);

#endif
