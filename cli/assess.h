/*
 * assess: the assessment of a month: shown, published, weighed.
 */
#ifndef CLI_ASSESS_H
#define CLI_ASSESS_H

#include "cli/args.h"

int assess_show(const struct args *args);
int assess_publish(const struct args *args);
int assess_weights(const struct args *args);
int assess_verify(const struct args *args);

#endif
