/*
 * control_inner: what control.c, which writes the index, and control_find.c,
 * which reads it, share.  Nobody else includes it.
 */
#ifndef NODE_CONTROL_INNER_H
#define NODE_CONTROL_INNER_H

#include "node/control.h"

#define MARK_HEAD_LEN 9 /* state and time */

/* The first byte of a consent or a key. */
#define STATE_ACTIVE 'a'
#define STATE_PAUSED 's'
#define STATE_REVOKED 'r'
#define STATE_PENDING 'p'

/* control.c */

/* Append the key of a row: its kind, its name. */
void control_key(char kind, struct span name, struct buf *key);

/* control_find.c */

/* A consent (`c`) or one that is pending (`p`), also while stream 0000 is
 * half. */
MUST_CHECK enum err control_find(struct snapshot *snapshot, char kind,
    struct consent *consent, const char *id, struct buf *claims);

#endif
