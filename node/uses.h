/*
 * uses: how often consents with a limit were used at this node.
 *
 * The trail is the truth: the entry of an answer has the number of the use,
 * so that counted and logged are one write, and the counts are what the
 * entries say when they are read again.  While an entry cannot be read no
 * use is granted.
 * Thread: trail.
 */
#ifndef NODE_USES_H
#define NODE_USES_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "credit/frequency.h"

struct uses;

struct uses *uses_new(void);
void uses_free(struct uses *uses); /* safe on NULL */
/* Before all of the trail is read again. */
void uses_forget(struct uses *uses);
/* All of them as bytes, and back: what deleted entries said, before those that
 * are still there are seen again.  False: they are no such bytes. */
void uses_print(const struct uses *uses, struct buf *out);
MUST_CHECK bool uses_parse(struct uses *uses, struct span bytes);
/* An entry of the trail, a packed Access, in order. */
void uses_see(struct uses *uses, struct span entry);
/* One more use: fills in its number, and the window when the one that was
 * asked for is over.  ERR_LIMIT: there is none left; ERR_IO: nobody knows. */
MUST_CHECK enum err uses_take(
    struct uses *uses, const char *consent, struct use *use);

#endif
