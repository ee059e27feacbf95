/*
 * catalogue_rehearse: a candidate, tried out on the last day's batches.
 */
#ifndef CLI_CATALOGUE_REHEARSE_H
#define CLI_CATALOGUE_REHEARSE_H

#include "cli/args.h"

/* DONE when no row would be rejected that is accepted now, else REFUSED. */
int catalogue_rehearse(const struct args *args);

#endif
