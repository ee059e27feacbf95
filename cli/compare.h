/*
 * compare: do two places hold the same?
 */
#ifndef CLI_COMPARE_H
#define CLI_COMPARE_H

#include "cli/args.h"

/* `rongxin node compare A B`.  DONE: they are equal. */
int compare_run(const struct args *args);

#endif
