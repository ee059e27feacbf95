/*
 * consent_list: what the certificate's organisation gave.
 */
#ifndef CLI_CONSENT_LIST_H
#define CLI_CONSENT_LIST_H

#include "cli/args.h"

/* `rongxin consent list`: its exit code. */
int consent_list(const struct args *args);

#endif
