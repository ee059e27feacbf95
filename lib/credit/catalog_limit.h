/*
 * catalog_limit: the catalogue's section "limits"; only for catalog_parse.c.
 */
#ifndef CREDIT_CATALOG_LIMIT_H
#define CREDIT_CATALOG_LIMIT_H

#include "credit/catalog_load.h"

void catalog_load_limit_rules(
    struct loader *loader, const struct json *document);

#endif
