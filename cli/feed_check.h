/*
 * feed_check: the verb `feed check`, and what the feed verbs share.
 */
#ifndef CLI_FEED_CHECK_H
#define CLI_FEED_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/args.h"

/* The first operand as an item's number; says so when it is none. */
bool feed_item_of(const struct args *args, uint32_t *item);
/* By --format, or by the file's name. */
bool feed_is_ndjson(const struct args *args, const char *path);
int feed_check(const struct args *args);

#endif
