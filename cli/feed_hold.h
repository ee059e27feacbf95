/*
 * feed_hold: batches that wait for an operator.
 */
#ifndef CLI_FEED_HOLD_H
#define CLI_FEED_HOLD_H

#include "cli/args.h"

/* The verbs "feed held", "feed release" and "feed refuse". */
int feed_held(const struct args *args);
int feed_release(const struct args *args);
int feed_refuse(const struct args *args);

#endif
