/*
 * key_roll: a CURVE pair gives way to the next one.
 */
#ifndef CLI_KEY_ROLL_H
#define CLI_KEY_ROLL_H

#include "cli/args.h"
#include "wire/network.h"

/* Operand: a stem.  Makes STEM.next.curve and .pub; with the flag `finish` they
 * take the place of STEM.curve and .pub.  Option `network`: the pair is the
 * hub's, and network.json tells of the step. */
int key_roll(const struct args *args);
/* network.json anew, or not at all. */
MUST_CHECK enum err key_roll_write(
    const char *path, const struct network *network, struct why *why);

#endif
