/*
 * trail_entry: one entry of a node's trail, and its proof.
 */
#ifndef CLI_TRAIL_ENTRY_H
#define CLI_TRAIL_ENTRY_H

#include "cli/args.h"

extern const struct arg_option trail_entry_options[];

int trail_entry(const struct args *args);

#endif
