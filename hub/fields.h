/*
 * fields: a record's fields as the ledger keeps them: names to texts, JSON.
 *
 * Numbers travel, names can be read in SQL; the catalogue knows both.
 * Control records have names of their own.
 */
#ifndef HUB_FIELDS_H
#define HUB_FIELDS_H

#include "base/buf.h"
#include "base/json.h"
#include "credit/catalog.h"
#include "credit/record.h"

/* `item` is NULL for control records, here and below. */
const char *fields_name(const struct item *item, uint32_t number);
void fields_print(
    const struct item *item, const struct record *record, struct buf *out);

/* A record's fields, ascending by number; values borrow from the document. */
struct fields {
	struct record_field list[RECORD_FIELDS_MAX];
	size_t count;
	size_t unknown; /* names that the item does not have: left out */
};
void fields_read(const struct item *item, const struct json *document,
    struct fields *fields);
/* The same of the text itself as PostgreSQL prints it, ten times as fast.
 * False: something else than plain texts is in it; read it as a document.
 * What it says is to be checked against the record's digest. */
bool fields_skim(
    const struct item *item, struct span text, struct fields *fields);

#endif
