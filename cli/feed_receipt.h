/*
 * feed_receipt: what the hub says became of a batch; the verb `feed receipt`.
 */
#ifndef CLI_FEED_RECEIPT_H
#define CLI_FEED_RECEIPT_H

#include "cli/fetch.h"

/* A receipt as it came, for people or with --json as it is.  DONE, or
 * UNREACHED when it is none. */
int receipt_show(const struct args *args, const struct fetch_answer *answer);
int feed_receipt(const struct args *args);

#endif
