/*
 * key_trust: CAs of who signs documents, added to network.json.
 */
#ifndef CLI_KEY_TRUST_H
#define CLI_KEY_TRUST_H

#include "cli/args.h"

/* Operand: certificates of CAs in PEM, roots and what is between; option
 * `network`: network.json. */
int key_trust(const struct args *args);

#endif
