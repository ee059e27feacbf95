/*
 * outcome: what is put beside a file that was handed in.
 *
 * NAME.receipt.json, NAME.receipt.jws and NAME.findings.csv, or
 * NAME.refused.json; each written whole before it has its name.
 */
#ifndef HUB_OUTCOME_H
#define HUB_OUTCOME_H

#include "base/sign.h"
#include "hub/answer.h"
#include "hub/receipt.h"

/* `stem`: folder and NAME.  `signer` may be NULL: no .jws.  Reads the ledger
 * in a transaction of its own. */
MUST_CHECK enum err outcome_write_receipt(const char *stem, struct pg *pg,
    const struct receipt *which, struct signer *signer, struct why *why);
/* The problem document of `answer`. */
MUST_CHECK enum err outcome_write_refusal(
    const char *stem, const struct answer *answer, struct why *why);

#endif
