/*
 * condition: how a node says that it is doing, as the ledger keeps it.
 */
#ifndef HUB_CONDITION_H
#define HUB_CONDITION_H

#include "wire/pack.h"

/* {"protocol","disk_free","disk_total","certificate","started",
 * "revocations","revocation_ms","budgets"}; what is not known is null. */
void condition_print(const struct condition *condition, struct buf *out);

#endif
