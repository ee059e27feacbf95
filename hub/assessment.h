/*
 * assessment: how well a month's data was shared, scored and ranked
 * (共享质效评估).
 *
 * All figures come from functions of the schema (sql/035-assessment.sql).  A
 * published month is frozen: whatever comes later, its document stays.
 * Thread: desk.
 */
#ifndef HUB_ASSESSMENT_H
#define HUB_ASSESSMENT_H

#include "base/sign.h"
#include "hub/pg.h"

#define ASSESSMENT_TYPE "rongxin-assessment+jws"

struct assessment {
	char month[11];    /* its first day */
	const char *by;    /* department, province, city, nation, month */
	const char *today; /* the network's day */
	bool as_csv;
	bool published; /* only if it is: ERR_MISSING otherwise */
};

/* "2026-10" into its first day; false: it is no month. */
bool assessment_parse_month(const char *text, char day[11]);
bool assessment_has_kind(const char *by);
/* Within a transaction, like all that follows. */
MUST_CHECK enum err assessment_print(
    struct pg *pg, const struct assessment *what, struct buf *out);
/* The signed document of a published month; ERR_MISSING: it is not. */
MUST_CHECK enum err assessment_proof(
    struct pg *pg, const char *month, struct buf *out);
/* Freeze and sign it; appends the JWS.  ERR_SEEN: it is published already.
 * ERR_GAP: the month is not over. */
MUST_CHECK enum err assessment_publish(struct pg *pg,
    const struct assessment *what, const char *operator, struct signer * signer,
    struct buf *out);

/* {"versions":[{"version","from","weights","set_by","set_at"}]} */
void assessment_print_weights(struct pg *pg, struct buf *out);
/* {"from":"2026-11","weights":{…}} as a new version; appends it as above.
 * ERR_INVALID: not that, an unknown indicator, nothing that weighs. */
MUST_CHECK enum err assessment_set_weights(struct pg *pg, struct span document,
    const char *operator, struct buf * out, struct why *why);

#endif
