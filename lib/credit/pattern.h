/*
 * pattern: how a text must look, from the catalogue.
 *
 * A small language without groups: alternatives by |, characters, sets
 * [0-9A-Z] and [^…], \d, . and the counts ? * + {m} {m,n}; the whole text
 * must match.  A catalogue cannot make it slow: time is at most the pattern's
 * atoms times the text's length.
 * Pure; any thread.
 */
#ifndef CREDIT_PATTERN_H
#define CREDIT_PATTERN_H

#include <stdbool.h>

#include "base/mem.h"
#include "base/span.h"

#define PATTERN_MAX 200      /* bytes of the pattern */
#define PATTERN_TEXT_MAX 256 /* code points; longer texts do not match */

struct pattern; /* lives in its arena */

/* NULL when it is none; `text` is UTF-8. */
const struct pattern *pattern_parse(struct arena *arena, struct span text);
bool pattern_matches(const struct pattern *pattern, struct span text);

#endif
