/*
 * key_announce: stream 0000 tells the hub's next key while the hub runs.
 */
#ifndef CLI_KEY_ANNOUNCE_H
#define CLI_KEY_ANNOUNCE_H

#include "cli/args.h"

/* Operand: batch or curve; option `network`: network.json, which names it. */
int key_announce(const struct args *args);

#endif
