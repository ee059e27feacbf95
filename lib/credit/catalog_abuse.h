/*
 * catalog_abuse: the catalogue's section "alerts"; only for catalog_parse.c.
 */
#ifndef CREDIT_CATALOG_ABUSE_H
#define CREDIT_CATALOG_ABUSE_H

#include "credit/catalog_load.h"

void catalog_load_abuse(struct loader *loader, const struct json *document);

#endif
