/*
 * catalog_check: the checks, limits and precedence of a catalogue's items;
 * only for catalog_parse.c.
 */
#ifndef CREDIT_CATALOG_CHECK_H
#define CREDIT_CATALOG_CHECK_H

#include "credit/catalog_load.h"

/* "min_length", "pattern", "min_value", "max_value"; type and codes of the
 * field are set. */
void catalog_load_limits(
    struct loader *loader, const struct json *from, struct field *field);
/* "checks"; fields and division of the item are set. */
void catalog_load_checks(
    struct loader *loader, const struct json *from, struct item *item);
/* "precedence", of a category or an item. */
const char *const *catalog_load_precedence(
    struct loader *loader, const struct json *from);
/* "category", and the precedence that comes from it or from the item. */
void catalog_load_category(
    struct loader *loader, const struct json *from, struct item *item);
/* "division" */
void catalog_load_division(
    struct loader *loader, const struct json *from, struct item *item);

#endif
