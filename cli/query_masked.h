/*
 * query_masked: `rongxin query statistics` and `rongxin query screening`.
 */
#ifndef CLI_QUERY_MASKED_H
#define CLI_QUERY_MASKED_H

#include <stdbool.h>

/* Neither word can be an enterprise's code. */
bool query_is_masked(const char *word);
/* argv[0] is that word. */
int query_masked(int argc, char **argv);

#endif
