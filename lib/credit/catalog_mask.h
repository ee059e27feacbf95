/*
 * catalog_mask: the catalogue's section "anonymisation"; only for
 * catalog_parse.c.
 */
#ifndef CREDIT_CATALOG_MASK_H
#define CREDIT_CATALOG_MASK_H

#include "credit/catalog_load.h"

/* The items are loaded.  Nothing when the section is absent. */
void catalog_load_mask(struct loader *loader, const struct json *document);

#endif
