/*
 * code_index: finds the code of a code list by any of its names.
 *
 * Built once with the catalogue, in its arena.  A code wins over a name, a
 * name over an English name, that over a retired code; a name that two codes
 * share finds neither.  Pure; any thread may read.
 */
#ifndef CREDIT_CODE_INDEX_H
#define CREDIT_CODE_INDEX_H

#include "base/mem.h"
#include "credit/catalog.h"

/* Sets `list->index`; ERR_INVALID when a code stands there twice. */
MUST_CHECK enum err code_index_build(
    struct code_list *list, struct arena *arena, struct why *why);

#endif
