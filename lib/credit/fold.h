/*
 * fold: base's text_fold, without its cost for text that is folded already.
 * Pure; any thread.
 */
#ifndef CREDIT_FOLD_H
#define CREDIT_FOLD_H

#include "base/buf.h"
#include "base/span.h"

/* False: text_fold would append exactly these bytes, and nothing is to trim
 * but single spaces at the ends. */
bool fold_is_needed(struct span text);
/* Append `text` folded and trimmed; the appended part is borrowed from `out`
 * until it grows. */
struct span fold_add(struct span text, struct buf *out);

#endif
