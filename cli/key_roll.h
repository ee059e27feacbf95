/*
 * key_roll: a CURVE pair gives way to the next one.
 */
#ifndef CLI_KEY_ROLL_H
#define CLI_KEY_ROLL_H

#include "cli/args.h"

/* Operand: a stem.  Makes STEM.next.curve and .pub; with the flag `finish` they
 * take the place of STEM.curve and .pub. */
int key_roll(const struct args *args);

#endif
