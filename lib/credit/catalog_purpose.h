/*
 * catalog_purpose: the catalogue's section "purposes"; only for
 * catalog_parse.c.
 */
#ifndef CREDIT_CATALOG_PURPOSE_H
#define CREDIT_CATALOG_PURPOSE_H

#include "credit/catalog_load.h"

/* Once the items are there: which purposes may touch each. */
void catalog_load_purposes(struct loader *loader, const struct json *document);

#endif
