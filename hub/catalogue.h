/*
 * catalogue: the newest signed catalogue, as it came and as it is read.
 *
 * Shared by base/shared.h and swapped whole.  Immutable.
 */
#ifndef HUB_CATALOGUE_H
#define HUB_CATALOGUE_H

#include "base/sign.h"
#include "credit/catalog.h"
#include "hub/pg.h"

#define CATALOGUE_TYPE "rongxin-catalogue+jws"

struct catalogue {
	struct catalog *catalog;
	struct buf jws;  /* compact, as it was signed */
	struct buf json; /* its payload */
};

/* Checks the signature, parses; NULL and `why` when either fails. */
struct catalogue *catalogue_parse(
    struct span jws, const struct verifier *verifier, struct why *why);
void catalogue_free(void *catalogue); /* safe on NULL */
/* From the ledger, within the caller's transaction.  ERR_MISSING: none yet. */
MUST_CHECK enum err catalogue_load(struct pg *pg,
    const struct verifier *verifier, struct catalogue **out, struct why *why);

#endif
