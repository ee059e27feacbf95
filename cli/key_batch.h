/*
 * key_batch: the key that seals batches gives way to the next one.
 */
#ifndef CLI_KEY_BATCH_H
#define CLI_KEY_BATCH_H

#include "cli/args.h"

/* Operand: a stem; option `network`: network.json, which tells of each step.
 * Makes STEM.next.key; with `finish` it takes the place of STEM.key; `until`
 * completes what network.json says of the key before. */
int key_batch(const struct args *args);

#endif
