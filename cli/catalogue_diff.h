/*
 * catalogue_diff: what differs between two catalogues.
 */
#ifndef CLI_CATALOGUE_DIFF_H
#define CLI_CATALOGUE_DIFF_H

#include "cli/args.h"

/* Of two operands, each a file or a version that the hub has: DONE when they
 * are equal, REFUSED when they differ. */
int catalogue_diff(const struct args *args);
int catalogue_versions(const struct args *args);

#endif
