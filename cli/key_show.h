/*
 * key_show: what a key, a certificate or a document is.
 */
#ifndef CLI_KEY_SHOW_H
#define CLI_KEY_SHOW_H

#include "cli/args.h"

/* Operand: a file.  Nothing secret is printed. */
int key_show(const struct args *args);

#endif
