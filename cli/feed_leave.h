/*
 * feed_leave: the verb `feed leave`.
 */
#ifndef CLI_FEED_LEAVE_H
#define CLI_FEED_LEAVE_H

#include "cli/args.h"

int feed_leave(const struct args *args);

#endif
