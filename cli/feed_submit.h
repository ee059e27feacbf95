/*
 * feed_submit: the verb `feed submit`.
 *
 * A small file goes in one request, a large one in parts that go on where a
 * cut left off; both are tried again while the hub is away, as the same batch
 * id is safe to send again.
 */
#ifndef CLI_FEED_SUBMIT_H
#define CLI_FEED_SUBMIT_H

#include "base/buf.h"
#include "cli/args.h"

int feed_submit(const struct args *args);
/* Append the batch id that is asked for, or one made up. */
void feed_batch_id(const struct args *args, struct buf *id);

#endif
