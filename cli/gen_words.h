/*
 * gen_words: what departments write into the text fields of synthetic rows.
 */
#ifndef CLI_GEN_WORDS_H
#define CLI_GEN_WORDS_H

#include <stddef.h>

#include "credit/catalog.h"

/* A list that ends with NULL. */
const char *const *words_for(
    const struct item *item, const struct field *field);
size_t words_count(const char *const *words);
/* What the item's provider is called in a prefecture: 税务局; NULL when there
 * are several. */
const char *words_bureau(const struct item *item);

#endif
